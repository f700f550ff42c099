import type { Address } from './address.js';
import type { MinReadRate } from './clock.js';
import { type EngineChoice, selectEngine } from './engine/select.js';
import type { SocketOptions } from './options/catalogue.js';
import type { ProtocolFactory } from './protocol.js';
import { checkServerOptions } from './server-options.js';
import { Serving } from './serving.js';
import type { ServerStats } from './stats.js';
import type { ListenerSocket, Transport } from './transport.js';

/** What a server listens on and how its connections behave. */
export interface ServerOptions {
  /** Name or address, or several; default: every interface, both families. A name resolves to all its addresses. */
  host?: string | string[];
  /** 0 to 65535; default 0: the kernel chooses. */
  port?: number;
  /** A unix socket instead of host and port; a stale file is replaced, a live one is EADDRINUSE. A leading NUL: Linux's abstract names. */
  path?: string;
  /** Permission bits of the socket file, such as 0o660: who may connect (unix(7)). Default: what the umask leaves. */
  pathMode?: number;
  /** An already listening socket (systemd, a parent process) instead of host and port. */
  fd?: number;
  /** Length of the accept queue, connections; default 511; the kernel caps it at net.core.somaxconn (listen(2)). */
  backlog?: number;
  /** SO_REUSEADDR; default true on POSIX. */
  reuseAddress?: boolean;
  /** SO_REUSEPORT; default false; an error where the platform cannot. */
  reusePort?: boolean;
  /** IPV6_V6ONLY; default false. */
  ipv6Only?: boolean;
  /** Socket options set on the listener before bind. */
  listenerOptions?: SocketOptions;
  /** What every accepted socket has: set on the listener where the kernel inherits it, else on each connection. */
  connectionOptions?: SocketOptions;
  /**
   * Acknowledge at once what is received, for each connection's life: TCP_QUICKACK is set again
   * whenever something came and was not answered in its turn (an answer carries the
   * acknowledgement, and makes the kernel clear the option). Default false. tcp(7)
   */
  quickAck?: boolean;
  /** Bytes; default 64 KiB and 16 KiB. */
  writeBufferLimits?: { high?: number; low?: number };
  /** Accepting stops above it and goes on below it; default: unlimited. */
  maxConnections?: number;
  /** Connections of one remote address that may be open at once; more are closed at once. Default: unlimited. */
  maxConnectionsPerHost?: number;
  /** A connection on which no byte moves either way for so long is ended, ms; default: never. */
  idleTimeoutMs?: number;
  /** A connection that has not sent its first byte after so long is ended, ms; default: never. */
  firstDataTimeoutMs?: number;
  /** A connection is closed in order after so long, ms; default: never. */
  maxLifetimeMs?: number;
  /**
   * A peer that sends, but less than this over a whole window in which we were
   * reading, is cut off: slow-drip protection. A number is bytes per second over 10 s.
   */
  minReadRate?: number | MinReadRate;
  /** How long a closed connection may go on discarding input, ms; default 1000. */
  lingerTimeoutMs?: number;
  /** Default true. With false the sockets are bound but refuse connections until `startServing`. */
  startServing?: boolean;
  /** Default 'auto': native where the addon loads, else node. */
  engine?: EngineChoice;
  /** Told of every error of a callback and of accepting. `null`: no connection is concerned. */
  onError?(error: Error, transport: Transport | null): void;
  /** Aborting it closes the server. */
  signal?: AbortSignal;
}

/** A running server. `await using` closes it. */
export interface Server extends AsyncDisposable {
  /** Starts to listen and accept; idempotent; rejects on a closed server. */
  startServing(): Promise<void>;
  /** Resolves when the server has closed. */
  serveForever(): Promise<void>;
  readonly isServing: boolean;
  /** Where it listens: the real ones, port 0 replaced. */
  readonly addresses: readonly Address[];
  /** Options and TCP_INFO of each listener. */
  readonly sockets: readonly ListenerSocket[];
  /** The open connections. */
  readonly transports: ReadonlySet<Transport>;
  /** `native`, `node` or `memory`. */
  readonly engine: string;
  /** A frozen snapshot of the counters. */
  stats(): ServerStats;
  /** Stops accepting, keeping the listeners: the kernel queues up to the backlog. */
  suspend(): void;
  /** Undoes `suspend`. */
  resume(): void;
  /**
   * Stops listening, then waits until every connection is over. Connections still
   * open after `drainTimeoutMs` are aborted; without it there is no time limit.
   */
  close(options?: { drainTimeoutMs?: number }): Promise<void>;
  /** Closes every open connection in order. */
  closeTransports(): void;
  /** Aborts every open connection. */
  abortTransports(): void;
  /** Whether the server keeps the event loop alive; it does by default. */
  ref(): void;
  /** Lets the process end while the server listens. */
  unref(): void;
}

/**
 * Listens on what `options` name and runs one protocol per connection.
 *
 * Rejects, with nothing left open, with an error of Node's shape when an address
 * cannot be had (`listen EADDRINUSE 127.0.0.1:80`), and with a `TypeError`,
 * `RangeError` or `SocketOptionError` for options that cannot be right.
 */
export async function createServer(
  factory: ProtocolFactory,
  options: ServerOptions = {},
): Promise<Server> {
  if (typeof factory !== 'function') {
    throw new TypeError(
      `createServer(factory): factory must be a function that returns a protocol; got ${typeof factory}`,
    );
  }
  const checked = checkServerOptions(options);
  return Serving.create(factory, selectEngine(options.engine), checked);
}
