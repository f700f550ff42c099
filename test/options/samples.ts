import { readFileSync } from 'node:fs';
import type { SocketOption, SocketOptionName } from '#hawser/options/catalogue';

/**
 * Values to set, per option. The first differs from the default and does no harm to
 * a connection on loopback: it is the one whose inheritance is tested.
 */
const samples: { readonly [K in SocketOptionName]?: readonly unknown[] } = {
  SO_SNDBUF: [70_000, 0, 2_147_483_647],
  SO_RCVBUF: [70_000, 0, 2_147_483_647],
  SO_SNDBUFFORCE: [100_000],
  SO_RCVBUFFORCE: [100_000],
  SO_PRIORITY: [5, 0],
  SO_RCVLOWAT: [100, 0],
  SO_MARK: [7, 4_294_967_295],
  SO_LINGER: [
    { onoff: true, seconds: 3 },
    { onoff: true, seconds: 0 },
    { onoff: false, seconds: 0 },
  ],
  SO_RCVTIMEO: [{ seconds: 5, microseconds: 500_000 }],
  SO_SNDTIMEO: [{ seconds: 5, microseconds: 500_000 }],
  SO_BINDTODEVICE: ['lo', ''],
  SO_BINDTOIFINDEX: [1, 0],
  SO_MAX_PACING_RATE: [12_345_678, 2 ** 40, Infinity],
  SO_BUF_LOCK: [3, 0],
  SO_RESERVE_MEM: [4096],
  SO_BUSY_POLL: [50, 0],
  SO_BUSY_POLL_BUDGET: [8],
  SO_TIMESTAMPING: [16, 0],
  SO_PEEK_OFF: [10, -1],
  SO_TXREHASH: [0, 1, -1],
  SO_INCOMING_CPU: [12_345, -1],
  SO_LOCK_FILTER: [true],
  TCP_MAXSEG: [1000, 88, 32_767, 0],
  TCP_KEEPIDLE: [77, 1, 32_767],
  TCP_KEEPINTVL: [33, 1, 32_767],
  TCP_KEEPCNT: [5, 1, 127],
  TCP_SYNCNT: [3, 1, 127],
  TCP_LINGER2: [20, -1, 0, 120],
  TCP_DEFER_ACCEPT: [1, 0, 2, 10, 200, 29_887],
  TCP_WINDOW_CLAMP: [20_000, 0, 1],
  TCP_CONGESTION: ['reno'],
  TCP_USER_TIMEOUT: [5000, 0, 2_147_483_647],
  TCP_FASTOPEN: [16, 0, 2_147_483_647],
  TCP_FASTOPEN_KEY: [Buffer.alloc(16, 7), Buffer.alloc(32, 9)],
  TCP_NOTSENT_LOWAT: [16_384, 0, 4_294_967_295],
  TCP_SAVE_SYN: [1, 0, 2],
  TCP_TX_DELAY: [1000, 0, 268_435_455],
  TCP_RTO_MAX_MS: [60_000, 1000, 120_000],
  TCP_RTO_MIN_US: [80_000, 200_000, 33_333],
  TCP_DELACK_MAX_US: [20_000, 200_000, 33_333],
  TCP_MD5SIG: [md5Signature(0)],
  TCP_MD5SIG_EXT: [md5Signature(32)],
  TCP_REPAIR: [1, -1, 0],
  IP_TOS: [16, 255, 0],
  IP_TTL: [33, 1, 255, -1],
  IP_OPTIONS: [Buffer.from([1, 1, 1, 0])],
  IP_MTU_DISCOVER: [2, 0, 5],
  IP_MINTTL: [3, 0, 255],
  IP_LOCAL_PORT_RANGE: [{ low: 30_000, high: 30_010 }],
  IPV6_UNICAST_HOPS: [33, 0, 255, -1],
  IPV6_MTU_DISCOVER: [2, 0, 5],
  IPV6_TCLASS: [16, 255, -1],
  IPV6_ADDR_PREFERENCES: [2],
  IPV6_MINHOPCOUNT: [3, 0, 255],
};

/** Off by default are all booleans but these. */
const onByDefault: readonly string[] = ['IPV6_AUTOFLOWLABEL', 'SO_PASSRIGHTS'];

/** The values to try on a socket of this machine, the one for inheritance first. */
export function samplesOf(option: SocketOption): readonly unknown[] {
  const listed = samples[option.name];
  if (listed !== undefined) return listed;
  if (option.type !== 'bool') throw new Error(`test/options/samples.ts has no ${option.name}`);
  return onByDefault.includes(option.name) ? [false, true] : [true, false];
}

/** What only works in special circumstances: tested by itself, or not at all, and why. */
export const special: { readonly [K in SocketOptionName]?: string } = {
  SO_DETACH_FILTER: 'a test of its own: there must be a filter',
  SO_ATTACH_BPF: 'needs a loaded eBPF program',
  SO_ATTACH_REUSEPORT_EBPF: 'needs a loaded eBPF program',
  SO_DETACH_REUSEPORT_BPF: 'needs a loaded eBPF program',
  TCP_ULP: 'needs a kernel with an upper layer protocol such as tls',
  TCP_REPAIR_QUEUE: 'a test of its own: only in repair mode',
  TCP_QUEUE_SEQ: 'a test of its own: only in repair mode',
  TCP_REPAIR_OPTIONS: 'a test of its own: only in repair mode',
  TCP_REPAIR_WINDOW: 'a test of its own: only in repair mode',
  TCP_TIMESTAMP: 'a test of its own: only in repair mode',
};

/** A value just below, just above, or of another type than what the option takes. */
export function refusedValues(option: SocketOption): readonly unknown[] {
  const [low, high] = option.range ?? [0, 0];
  const outside = [low - 1, high + 1].filter((value) => !option.also?.includes(value));
  const lengths = option.lengths ?? [];
  switch (option.type) {
    case 'bool':
      return [-1, 2, 'on', null];
    case 'int':
    case 'u32':
      return [...outside, low + 0.5, Number.NaN, true, String(high)];
    case 'u64':
      return [-1, 0.5, 2 ** 53, 1n];
    case 'string':
      return ['x'.repeat(lengths[1]! + 1), 'a\0b', 7, ...(lengths[0]! > 0 ? [''] : [])];
    case 'bytes':
      return ['text', ...lengths.flatMap((n) => [Buffer.alloc(n - 1), Buffer.alloc(n + 1)])];
    case 'linger':
      return [-1, 2 ** 31].map((seconds) => ({ onoff: true, seconds })).concat([5 as never]);
    case 'timeval':
      return [
        { seconds: -1, microseconds: 0 },
        { seconds: 0, microseconds: 1_000_000 },
        { seconds: 0, microseconds: -1 },
        5,
      ];
    case 'port-range':
      return [{ low: 2000, high: 1000 }, { low: 0, high: 65_536 }, { low: -1, high: 0 }, 5];
    default:
      throw new Error(`${option.name} cannot be set`);
  }
}

/** struct tcp_md5sig (linux/tcp.h) for the IPv4 peer 192.0.2.1: no connection of the tests. */
function md5Signature(prefixBits: number): Buffer {
  const bytes = Buffer.alloc(216);
  bytes.writeUInt16LE(2, 0); // AF_INET
  Buffer.from([192, 0, 2, 1]).copy(bytes, 4);
  bytes[128] = prefixBits === 0 ? 0 : 1; // TCP_MD5SIG_FLAG_PREFIX
  bytes[129] = prefixBits;
  bytes.writeUInt16LE(3, 130); // length of the key
  bytes.write('key', 136);
  return bytes;
}

/** The first number of a sysctl, read by the test itself. */
export function sysctl(name: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8'), 10);
  } catch {
    return undefined;
  }
}
