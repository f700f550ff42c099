import type { RoundingRule } from '../rounding.js';

/** How the kernel lays out an option's value, and what JavaScript sees (see `OptionValues`). */
export type OptionType =
  | 'bool'
  | 'int'
  | 'u32'
  | 'u64'
  | 'string'
  | 'bytes'
  | 'linger'
  | 'timeval'
  | 'port-range'
  | 'tcp_info'
  | 'meminfo'
  | 'ucred'
  | 'gids';

/** When an option must be set to have its effect. */
export type OptionStage = 'before bind' | 'before listen' | 'before connect' | 'any time';

/** Which address family a socket has. */
export type SocketFamily = 'IPv4' | 'IPv6' | 'unix';

/** One option as it is written down in the catalogue; what is absent has the default named here. */
export interface OptionSpec {
  /** The number in asm-generic/socket.h, linux/tcp.h, linux/in.h or linux/in6.h: the same on x64 and arm64. */
  readonly number: number;
  readonly type: OptionType;
  /** What a number counts: `s`, `ms`, `us`, `bytes`, … */
  readonly unit?: string;
  /** Least and greatest number that is accepted. Required for a settable number. */
  readonly range?: readonly [number, number];
  /** Numbers outside `range` that are accepted too. */
  readonly also?: readonly number[];
  /** Accepted lengths of a string or bytes value, each; or, for a string, least and greatest. */
  readonly lengths?: readonly number[];
  /** Default `read-write`. `none`: the value is a pointer, which no Buffer can carry. */
  readonly access?: 'read-write' | 'read' | 'write' | 'none';
  /** Default `any time`. */
  readonly stage?: OptionStage;
  /** The one kind of socket the option is for. Default: any. */
  readonly role?: 'listener' | 'connection' | 'client';
  /**
   * Whether an accepted socket has the listener's value. `changed`: it has a value
   * derived from it. Default: `yes` when it can be set, else `no`.
   */
  readonly inherited?: 'yes' | 'no' | 'changed';
  /** Default: all for SOL_SOCKET, both internet families for TCP and IP, IPv6 for IPV6. */
  readonly families?: readonly SocketFamily[];
  /** What the kernel makes of a value. Default: it reads back as it was set. */
  readonly rounding?: RoundingRule;
  /** First kernel version that has it. */
  readonly since: string;
  /** Kernel settings that give its default or its limit. */
  readonly sysctl?: readonly string[];
  /** What an unprivileged process lacks to set it. */
  readonly privilege?: string;
  /** What it is for, in one sentence. */
  readonly purpose: string;
  /** What to know before using it. */
  readonly note?: string;
  /** The manual page that describes it, if one does. */
  readonly man?: string;
}

/** A part of the catalogue: options of one level by name. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
