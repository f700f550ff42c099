/**
 * What the kernel makes of a value that it accepts.
 *
 * setsockopt(2) reports success and stores something else in a dozen documented
 * and undocumented cases. Each is one rule here: the sentence a person reads, and
 * a function from the value asked for to the least and greatest value that
 * getsockopt(2) may then return. An interval, because some roundings depend on how
 * the kernel was compiled (its tick, CONFIG_HZ, is 1 to 10 ms; the size of its
 * packet header sets the smallest buffer) and nothing tells a process which.
 */

/** Where a rule learns the kernel's settings: a sysctl's first number, or undefined when it is not visible. */
export type SysctlReader = (name: string) => number | undefined;

/** The least and greatest value that may be read back. */
export type Interval = readonly [low: number, high: number];

interface Rounding {
  /** What happens, as a clause: "the kernel doubles it …". */
  readonly text: string;
  readsBack(asked: number, sysctl: SysctlReader): Interval;
}

const exactly = (value: number): Interval => [value, value];

/** The greatest receive or send buffer is INT_MAX / 2 even where rmem_max is greater (net/core/sock.c). */
const BUFFER_LIMIT = 1_073_741_823;
/** No kernel so far has a smallest buffer above this (2304 and 4608 bytes on x64, Linux 6.18). */
const SMALLEST_BUFFER_MOST = 16_384;
/** The longest tick a kernel can be compiled for: CONFIG_HZ=100. */
const LONGEST_TICK_US = 10_000;

function doubled(asked: number, limit: number | undefined): Interval {
  if (limit === undefined) return [Math.min(asked, 2048) * 2, BUFFER_LIMIT * 2];
  const value = 2 * Math.min(asked, limit, BUFFER_LIMIT);
  return [value, Math.max(value, SMALLEST_BUFFER_MOST)];
}

/** TCP_DEFER_ACCEPT is stored as a number of SYN-ACK retransmissions, 1 s apart, then 2, 4, … at most 120. */
function afterRetransmissions(seconds: number): number {
  let total = 0;
  for (let wait = 1; total < seconds; wait = Math.min(wait * 2, 120)) total += wait;
  return total;
}

function orDefault(asked: number, marker: number, fallback: number | undefined): Interval {
  if (asked !== marker) return exactly(asked);
  return fallback === undefined ? [0, Number.MAX_SAFE_INTEGER] : exactly(fallback);
}

function upToTick(asked: number, tick: number): Interval {
  return [asked, Math.ceil(asked / tick) * tick];
}

/** Every rule. `satisfies` keeps the names literal: the catalogue can only name rules that exist. */
export const roundings = {
  'doubled-receive': {
    text: 'the kernel caps it at net.core.rmem_max, doubles it for its own bookkeeping, raises it to a small minimum and stops sizing the buffer by itself',
    readsBack: (asked, sysctl) => doubled(asked, sysctl('net.core.rmem_max')),
  },
  'doubled-send': {
    text: 'the kernel caps it at net.core.wmem_max, doubles it for its own bookkeeping, raises it to a small minimum and stops sizing the buffer by itself',
    readsBack: (asked, sysctl) => doubled(asked, sysctl('net.core.wmem_max')),
  },
  'at-least-one': {
    text: '0 means 1; above half the receive buffer it is lowered or the buffer is raised',
    readsBack: (asked) => (asked <= 1024 ? exactly(Math.max(asked, 1)) : [1, asked]),
  },
  'window-minimum': {
    text: 'anything but 0 is raised to half the smallest receive buffer (1152 bytes on x64)',
    readsBack: (asked) =>
      asked === 0 || asked >= SMALLEST_BUFFER_MOST ? exactly(asked) : [asked, SMALLEST_BUFFER_MOST],
  },
  retransmissions: {
    text: 'it is stored as a number of SYN-ACK retransmissions and reads back as the time they take: 1, 3, 7, 15, 31, 63, 127, 247, … s',
    readsBack: (asked) => exactly(afterRetransmissions(asked)),
  },
  somaxconn: {
    text: 'the kernel caps it at net.core.somaxconn',
    readsBack: (asked, sysctl) => {
      const limit = sysctl('net.core.somaxconn');
      return limit === undefined ? [0, asked] : exactly(Math.min(asked, limit));
    },
  },
  'fin-timeout': {
    text: '0 means the value of net.ipv4.tcp_fin_timeout',
    readsBack: (asked, sysctl) => orDefault(asked, 0, sysctl('net.ipv4.tcp_fin_timeout')),
  },
  'tick-us': {
    text: "it is rounded up to a multiple of the kernel's tick (1 to 10 ms)",
    readsBack: (asked) => upToTick(asked, LONGEST_TICK_US),
  },
  'tick-ms': {
    text: "it is rounded up to a multiple of the kernel's tick (1 to 10 ms)",
    readsBack: (asked) => upToTick(asked, LONGEST_TICK_US / 1000),
  },
  'no-ecn': {
    text: 'the two lowest bits belong to ECN and stay with the kernel; -1 means the default, 0',
    readsBack: (asked) => exactly(asked === -1 ? 0 : asked & ~3),
  },
  repair: {
    text: '-1 turns it off and reads back as 0',
    readsBack: (asked) => exactly(Math.max(asked, 0)),
  },
  'default-mss': {
    text: '0 means the default; before the connection exists that reads 536',
    readsBack: (asked) => orDefault(asked, 0, 536),
  },
  'default-ttl': {
    text: '-1 means the value of net.ipv4.ip_default_ttl',
    readsBack: (asked, sysctl) => orDefault(asked, -1, sysctl('net.ipv4.ip_default_ttl')),
  },
  'default-hops': {
    text: '-1 means the default hop limit of the route',
    readsBack: (asked) => (asked === -1 ? [1, 255] : exactly(asked)),
  },
  'default-rehash': {
    text: '-1 means the value of net.core.txrehash',
    readsBack: (asked, sysctl) => orDefault(asked, -1, sysctl('net.core.txrehash')),
  },
  'default-bits': {
    text: 'groups of bits that were left out read back as their defaults',
    readsBack: (asked) => [asked, 0xffff],
  },
} as const satisfies Record<string, Rounding>;

/** The name of a rule. */
export type RoundingRule = keyof typeof roundings;

/** What may be read back after a number was set; without a rule, that number. */
export function readsBack(
  rule: RoundingRule | undefined,
  asked: number,
  sysctl: SysctlReader,
): Interval {
  return rule === undefined
    ? exactly(asked)
    : (roundings[rule] as Rounding).readsBack(asked, sysctl);
}
