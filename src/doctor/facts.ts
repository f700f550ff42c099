import type { EngineChoice } from './engine-choice.js';
import type { SysctlName } from './sysctl-names.js';

/** Something looked for on the machine: its value, or why there is none. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** A kernel setting under /proc/sys. */
export interface Sysctl {
  readonly text: Reading<string>;
  /**
   * Whether `sysctl -w` can work from here: `read-only` means that not even root can
   * change it in this container or network namespace.
   */
  readonly access: 'writable' | 'needs-root' | 'read-only';
}

/** Numbers by name: `TcpExt.ListenOverflows`, `Tcp.RetransSegs`, `softnet.dropped`. */
export type Counters = ReadonlyMap<string, number>;

/** A resource limit; `Infinity` is the kernel's `unlimited`. */
export interface Limit {
  readonly soft: number;
  readonly hard: number;
}

/** TCP's line of /proc/net/sockstat, in sockets; `memoryPages` in pages. */
export interface SocketUse {
  readonly orphans: number;
  readonly timeWait: number;
  readonly memoryPages: number;
}

/** All that is known of the machine, read once; rules look at nothing else. */
export interface Facts {
  /** As `process.platform`. */
  readonly platform: string;
  /** The kernel's release, e.g. `6.18.44`. */
  readonly kernel: string;
  /** Sysctl by dotted name. A name that is missing was not read. */
  readonly sysctls: ReadonlyMap<SysctlName, Sysctl>;
  /** Counters since boot, of this network namespace. */
  readonly counters: Reading<Counters>;
  readonly socketUse: Reading<SocketUse>;
  /** RLIMIT_NOFILE of this process: Node has raised the soft limit to the hard one, as it will for the server. */
  readonly openFiles: Reading<Limit>;
  /** Effective capabilities as a bit set (capabilities(7)). */
  readonly capabilities: Reading<bigint>;
  /** CPUs that this process may use. */
  readonly processors: number;
  /** Addresses of this machine's interfaces. */
  readonly localAddresses: readonly string[];
  readonly engine: EngineChoice;
}

/** Capability numbers of capabilities(7) that decide what a server may do. */
export const CAP_NET_BIND_SERVICE = 10n;
export const CAP_NET_ADMIN = 12n;
