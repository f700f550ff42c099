/**
 * TCP_INFO of tcp(7): what the kernel knows about one TCP socket.
 *
 * Facts it relies on: `struct tcp_info` (linux/tcp.h) only ever grows at its end,
 * so the returned length says which fields the running kernel has, and a field at
 * a given offset means the same everywhere. Byte 6 holds two window scales, byte 7
 * two flags, as bit fields (low bits first on little-endian machines). A listener
 * has nothing unacknowledged: the kernel reports its accept queue in those fields
 * (tcp_get_info in net/ipv4/tcp.c).
 */
import { endianness } from 'node:os';

/** More than any kernel returns so far (280 bytes in Linux 6.18). */
export const TCP_INFO_ROOM = 512;

/** States of a TCP socket, in the kernel's numbering from 1 (net/tcp_states.h). */
const STATES = [
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
] as const;
export type TcpState = (typeof STATES)[number];

/** States of congestion control, in the kernel's numbering from 0 (linux/tcp.h). */
const CONGESTION_STATES = ['open', 'disorder', 'cwr', 'recovery', 'loss'] as const;
export type CongestionState = (typeof CONGESTION_STATES)[number];

/** The bits of tcpi_options, from bit 0. */
const OPTION_BITS = [
  'timestamps',
  'sack',
  'window scaling',
  'ecn',
  'ecn seen',
  'syn data acked',
  'microsecond timestamps',
  'fast open child',
] as const;
/** What both ends agreed on, or did. */
export type TcpFeature = (typeof OPTION_BITS)[number];

type Width = 'u16' | 'u32' | 'u64';

/**
 * The plain numbers: where each is, and how wide. The names are the kernel's, in
 * camel case and with the unit; "Segments" are what the kernel calls packets.
 */
export const TCP_INFO_LAYOUT = {
  /** Retransmission timeout. */
  rtoUs: [8, 'u32'],
  /** Delayed acknowledgement timeout. */
  atoUs: [12, 'u32'],
  sndMssBytes: [16, 'u32'],
  rcvMssBytes: [20, 'u32'],
  /** Sent and not yet acknowledged. */
  unackedSegments: [24, 'u32'],
  sackedSegments: [28, 'u32'],
  lostSegments: [32, 'u32'],
  /** Retransmitted and not yet acknowledged. */
  retransSegments: [36, 'u32'],
  fackets: [40, 'u32'],
  lastDataSentMs: [44, 'u32'],
  /** Always 0: the kernel does not keep it. */
  lastAckSentMs: [48, 'u32'],
  lastDataRecvMs: [52, 'u32'],
  lastAckRecvMs: [56, 'u32'],
  pmtuBytes: [60, 'u32'],
  rcvSsthreshBytes: [64, 'u32'],
  /** Smoothed round trip time. */
  rttUs: [68, 'u32'],
  rttvarUs: [72, 'u32'],
  /** Slow start threshold; Infinity before the first loss. */
  sndSsthreshSegments: [76, 'u32'],
  /** Congestion window. */
  sndCwndSegments: [80, 'u32'],
  advmssBytes: [84, 'u32'],
  reorderingSegments: [88, 'u32'],
  rcvRttUs: [92, 'u32'],
  rcvSpaceBytes: [96, 'u32'],
  /** Retransmitted since the connection exists. */
  totalRetransSegments: [100, 'u32'],
  /** Infinity: not paced. */
  pacingRateBytesPerSecond: [104, 'u64'],
  /** Infinity: no limit was set. */
  maxPacingRateBytesPerSecond: [112, 'u64'],
  bytesAcked: [120, 'u64'],
  bytesReceived: [128, 'u64'],
  segsOut: [136, 'u32'],
  segsIn: [140, 'u32'],
  /** Written by us and not yet sent. */
  notsentBytes: [144, 'u32'],
  minRttUs: [148, 'u32'],
  dataSegsIn: [152, 'u32'],
  dataSegsOut: [156, 'u32'],
  deliveryRateBytesPerSecond: [160, 'u64'],
  /** Time with something to send. */
  busyTimeUs: [168, 'u64'],
  /** Time held up by the peer's receive window. */
  rwndLimitedUs: [176, 'u64'],
  /** Time held up by our send buffer. */
  sndbufLimitedUs: [184, 'u64'],
  deliveredSegments: [192, 'u32'],
  deliveredCeSegments: [196, 'u32'],
  /** Including retransmissions. */
  bytesSent: [200, 'u64'],
  bytesRetrans: [208, 'u64'],
  dsackDups: [216, 'u32'],
  reordSeen: [220, 'u32'],
  rcvOoopackSegments: [224, 'u32'],
  /** The peer's advertised window. Linux 5.4. */
  sndWndBytes: [228, 'u32'],
  /** Our advertised window. Linux 6.2. */
  rcvWndBytes: [232, 'u32'],
  /** How often the path was changed after loss. Linux 6.2. */
  rehashes: [236, 'u32'],
  /** Retransmission timeouts so far. Linux 6.7. */
  totalRtos: [240, 'u16'],
  /** How many of the recoveries from them were completed. Linux 6.7. */
  totalRtoRecoveries: [242, 'u16'],
  /** Time spent in them. Linux 6.7. */
  totalRtoTimeMs: [244, 'u32'],
  /** Accurate ECN, Linux 6.18, as all that follow. */
  receivedCeSegments: [248, 'u32'],
  deliveredE1Bytes: [252, 'u32'],
  deliveredE0Bytes: [256, 'u32'],
  deliveredCeBytes: [260, 'u32'],
  receivedE1Bytes: [264, 'u32'],
  receivedE0Bytes: [268, 'u32'],
  receivedCeBytes: [272, 'u32'],
} as const satisfies Record<string, readonly [offset: number, width: Width]>;

type TcpInfoNumber = keyof typeof TCP_INFO_LAYOUT;

/**
 * struct tcp_info, tcp(7). A field that the running kernel is too old for is
 * `undefined`. Numbers are exact up to 2^53.
 */
export type TcpInfo = {
  readonly state: TcpState;
  readonly congestionState: CongestionState;
  /** Consecutive retransmissions of the same data that stayed unanswered. */
  readonly retransmits: number;
  /** Unanswered keep-alive or window probes. */
  readonly probes: number;
  readonly backoff: number;
  readonly features: readonly TcpFeature[];
  readonly sndWscale: number;
  readonly rcvWscale: number;
  /** Whether `deliveryRateBytesPerSecond` was limited by what we wrote. */
  readonly deliveryRateAppLimited: boolean;
  /** Why a fast open failed, 0 to 3 (linux/tcp.h, enum tcp_fastopen_client_fail). */
  readonly fastopenClientFail: number;
  /** On a listener: connections that wait to be accepted. */
  readonly acceptQueueLength?: number;
  /** On a listener: the effective backlog; one more connection than this fits. */
  readonly acceptQueueLimit?: number;
} & { readonly [K in TcpInfoNumber]?: number };

/** TCP_INFINITE_SSTHRESH of net/tcp.h. */
const INFINITE_SSTHRESH = 0x7fff_ffff;
const littleEndian = endianness() === 'LE';

/** Parses as much of struct tcp_info as the kernel returned. */
export function parseTcpInfo(bytes: Buffer): TcpInfo {
  const byte = (offset: number) => bytes[offset] ?? 0;
  const state = STATES[byte(0) - 1] ?? 'CLOSE';
  const numbers = parseNumbers(bytes);
  const info = {
    state,
    congestionState: CONGESTION_STATES[byte(1)] ?? 'open',
    retransmits: byte(2),
    probes: byte(3),
    backoff: byte(4),
    features: OPTION_BITS.filter((_, bit) => byte(5) & (1 << bit)),
    sndWscale: littleEndian ? byte(6) & 15 : byte(6) >> 4,
    rcvWscale: littleEndian ? byte(6) >> 4 : byte(6) & 15,
    deliveryRateAppLimited: (byte(7) & (littleEndian ? 1 : 128)) !== 0,
    fastopenClientFail: (byte(7) >> (littleEndian ? 1 : 5)) & 3,
  };
  if (state !== 'LISTEN') return { ...info, ...numbers };
  const { unackedSegments, sackedSegments, ...rest } = numbers;
  return { ...info, acceptQueueLength: unackedSegments, acceptQueueLimit: sackedSegments, ...rest };
}

function parseNumbers(bytes: Buffer): { [K in TcpInfoNumber]?: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers: { [K in TcpInfoNumber]?: number } = {};
  for (const [name, [offset, width]] of Object.entries(TCP_INFO_LAYOUT) as [
    TcpInfoNumber,
    readonly [number, Width],
  ][]) {
    const value = numberAt(view, offset, width);
    if (value === undefined) continue;
    const unlimited = name === 'sndSsthreshSegments' && value >= INFINITE_SSTHRESH;
    numbers[name] = unlimited ? Infinity : value;
  }
  return numbers;
}

function numberAt(view: DataView, offset: number, width: Width): number | undefined {
  const size = { u16: 2, u32: 4, u64: 8 }[width];
  if (offset + size > view.byteLength) return undefined;
  if (width === 'u16') return view.getUint16(offset, littleEndian);
  if (width === 'u32') return view.getUint32(offset, littleEndian);
  const value = view.getBigUint64(offset, littleEndian);
  return value === 0xffff_ffff_ffff_ffffn ? Infinity : Number(value);
}
