import type { Address } from '../address.js';
import type { OptionPlan } from '../options/plan.js';
import type { BufferedProtocol, Protocol } from '../protocol.js';
import type { Server } from '../server.js';
import type { CloseCause } from '../stats.js';
import type { ListenerSocket, Transport, WriteBufferLimits } from '../transport.js';

/**
 * What carries bytes: the only thing the layers above know about I/O.
 *
 * Promises of every engine:
 * - the order of callbacks that `Protocol` documents, for every transport it makes;
 * - `ConnectionOwner` is told of each connection exactly once when it opens and once when it is over;
 * - no callback into the owner or a protocol happens inside `listen`, `dial` or a method of `Listener`;
 * - it keeps the event loop alive while a referenced listener or an open transport exists.
 */
export interface Engine {
  /** `native`, `node` or `memory`; what `server.engine` says. */
  readonly name: string;
  /** Whether listening on a path makes a file, which has to be removed; default true. */
  readonly hasSocketFiles?: boolean;
  /**
   * Creates, sets up and binds one listening socket; it does not listen before `Listener.start`.
   * Rejects with an error of Node's shape (`listen EADDRINUSE 127.0.0.1:80`), or a
   * `SocketOptionError`, and leaves nothing open.
   */
  listen(request: ListenRequest, owner: ListenerOwner): Promise<Listener>;
  /** The family of a descriptor made elsewhere, where the engine can tell. */
  familyOf?(fd: number): Address['family'];
  /**
   * One connection attempt to one address. Resolves after `connectionMade` has returned.
   * Rejects, with nothing open, on failure or when `signal` aborts (with its reason).
   */
  dial(request: DialRequest, owner: ConnectionOwner): Promise<Transport>;
}

/** Where and how to listen. Exactly one of `address` and `fd`. */
export interface ListenRequest {
  readonly address?: Address;
  /** A listening (or merely bound) socket made elsewhere. */
  readonly fd?: number;
  /** As given to listen(2); the kernel caps it at net.core.somaxconn. */
  readonly backlog: number;
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly ipv6Only: boolean;
  /** The socket options, sorted by the stage at which they are set. */
  readonly plan: OptionPlan;
}

/** Where and how to connect. Exactly one of `address` and `fd`. */
export interface DialRequest {
  readonly address?: Address;
  /** An already connected socket. */
  readonly fd?: number;
  /** Bound to before connecting. */
  readonly localAddress?: Address;
  /** `plan.beforeConnect` is applied between socket(2) and connect(2). */
  readonly plan: OptionPlan;
  readonly signal?: AbortSignal;
}

/** One listening socket. */
export interface Listener {
  /** The real one: port 0 is replaced by what the kernel chose. */
  readonly address: Address;
  readonly socket: ListenerSocket;
  /** listen(2), and accepting. Throws an error of Node's shape. Idempotent. */
  start(): void;
  /** Stops accepting; the kernel goes on queueing up to the backlog. Idempotent. */
  suspend(): void;
  /** Undoes `suspend`. Idempotent. */
  resume(): void;
  /** Closes the listening socket; connections are untouched. Idempotent. */
  close(): void;
  ref(): void;
  unref(): void;
}

/** How the transports of one owner behave. */
export interface TransportSettings {
  readonly writeBufferLimits: WriteBufferLimits;
  /** How long a closed connection may go on discarding input before it is torn down, ms. */
  readonly lingerTimeoutMs: number;
  /** Set TCP_QUICKACK again after receives; where the engine can tell, only after those not answered in their turn. */
  readonly quickAck: boolean;
}

/** Who is told what becomes of connections: a server, or one `connect` call. */
export interface ConnectionOwner {
  readonly server: Server | null;
  readonly settings: TransportSettings;
  /** The protocol for one new connection. When it throws, the engine closes the connection: see `ListenerOwner.refused`. */
  createProtocol(): Protocol | BufferedProtocol;
  /** Just before `connectionMade`. False: the connection is closed at once, and its protocol hears nothing. */
  opened(transport: Transport): boolean;
  /** Just after `connectionLost` returned; the last call for this transport. Cannot throw. */
  closed(transport: Transport, cause: CloseCause, error: Error | null): void;
  /** A callback threw, or a connection broke in the engine. Cannot throw. */
  failed(error: Error, transport: Transport | null): void;
  /** `count` writes (this is the first, `first` true, or later ones) were dropped because the transport is closing. */
  writeDropped(transport: Transport, byteCount: number, first: boolean): void;
}

/** The owner of a listener. */
export interface ListenerOwner extends ConnectionOwner {
  /**
   * How many more connections may be open. The engine never accepts more; at 0 it
   * stops watching the listener until `Listener.resume` is called.
   */
  acceptRoom(): number;
  /** A connection was accepted and closed at once: its protocol or one of its options could not be had. */
  refused(error: Error): void;
  /**
   * accept(2) failed for want of resources (EMFILE, ENFILE, ENOBUFS, ENOMEM): the
   * engine retries after 100 ms. Or it failed for good (`fatal`): the listener is dead.
   */
  acceptFailed(error: Error, fatal: boolean): void;
}
