import type { Address } from './address.js';
import type {
  OptionReport,
  SettableOptionName,
  SocketOptionName,
  SocketOptionValue,
} from './options/catalogue.js';
import type { TcpInfo } from './options/tcp-info.js';
import type { BufferedProtocol, Protocol } from './protocol.js';
import type { Server } from './server.js';

/** The water marks of a write buffer, in bytes. */
export interface WriteBufferLimits {
  readonly low: number;
  readonly high: number;
}

/** One connection, seen by its protocol. Every method may be called at any time, from any callback. */
export interface Transport {
  /**
   * Sends bytes, or a string as UTF-8. Never blocks and never throws for what the
   * network does; a lost connection is told once, through `connectionLost`.
   * `data` may be changed as soon as this returns. An empty write does nothing.
   * What is written in one event-loop turn leaves together at its end. What one
   * callback writes beyond 256 KiB is buffered, so that a writer that goes on until
   * `pauseWriting` lets the other connections have their turn.
   *
   * After `close`, `abort` or a lost connection the data is dropped, counted, and
   * reported once on the channel `hawser:warning`.
   *
   * @throws TypeError when `data` is neither bytes nor a string
   * @throws Error `ERR_STREAM_WRITE_AFTER_END` after `writeEof`
   */
  write(data: Uint8Array | string): void;
  /**
   * Sends several chunks in order, with one gathering call where the engine can.
   * The chunks may be kept until they are sent: do not change them.
   */
  writev(chunks: readonly Uint8Array[]): void;
  /** Flushes what was written, then sends FIN; reading goes on. Idempotent, nothing after `close`. */
  writeEof(): void;
  /**
   * Flushes what was written, then sends FIN, then calls `connectionLost(null)`.
   * Reading stops at once. Idempotent. A reply is never lost to a reset: input
   * that still arrives is read and discarded until the peer's FIN or `lingerTimeoutMs`.
   */
  close(): void;
  /** Drops what is buffered and closes at once; then `connectionLost(null)`. */
  abort(): void;
  /** Like {@link abort}, and the peer sees RST (SO_LINGER {1, 0}, socket(7)). */
  reset(): void;
  /** Whether `close`, `abort` or `reset` was called, or the connection is lost. */
  readonly isClosing: boolean;

  /** Stops `dataReceived` and `eofReceived` at once, also from inside `connectionMade` and `dataReceived`. Idempotent. */
  pauseReading(): void;
  /** Goes on reading; delivers nothing before it returns. Idempotent. */
  resumeReading(): void;
  /** Neither paused nor closing. */
  readonly isReading: boolean;

  /** Bytes accepted by `write` and not yet by the kernel. */
  readonly writeBufferSize: number;
  /** Default 16 KiB / 64 KiB. */
  readonly writeBufferLimits: WriteBufferLimits;
  /**
   * `low` defaults to `high / 4`, `high` to `4 * low`, both absent means the defaults.
   * Limits below what is buffered call `pauseWriting` before this returns.
   *
   * @throws RangeError unless 0 <= low <= high
   */
  setWriteBufferLimits(limits: { high?: number; low?: number }): void;

  /** May be replaced at any time; the next event goes to the new one, which gets no `connectionMade`. */
  protocol: Protocol | BufferedProtocol;
  /** The peer. Known for the whole life, also after close. */
  readonly remoteAddress: Address;
  /** Our end. Known for the whole life, also after close. */
  readonly localAddress: Address;
  /** The socket's options and TCP_INFO. */
  readonly socket: TransportSocket;
  /** The server that accepted the connection; `null` on the client side. */
  readonly server: Server | null;
  /** Unique in the process, for logs. */
  readonly id: number;
  /** Bytes received so far. */
  readonly bytesRead: number;
  /** Bytes accepted by the kernel so far. */
  readonly bytesWritten: number;
}

/** Access to the options of one socket, by the kernel's names. */
export interface TransportSocket {
  /**
   * Reads an option from the kernel.
   * @throws SocketOptionError for an unknown name or what the kernel or the engine refuses
   */
  get<K extends SocketOptionName>(name: K): SocketOptionValue<K>;
  /**
   * Sets an option.
   * @throws SocketOptionError that says the name, the value, the range and the cure
   */
  set<K extends SettableOptionName>(name: K, value: SocketOptionValue<K>): void;
  /** getsockopt(2) by number; as many bytes as the kernel returned, at most `byteLength`. */
  getRaw(level: number, option: number, byteLength: number): Buffer;
  /** setsockopt(2) by number; a number is sent as a native-endian C int. */
  setRaw(level: number, option: number, value: Buffer | number): void;
  /** struct tcp_info, parsed, with units in the field names. */
  tcpInfo(): TcpInfo;
  /** What was asked for, what the kernel made of it, and why they differ; one row per option. */
  report(): OptionReport[];
  /** The file descriptor; -1 when the engine has none or the socket is closed. */
  readonly fd: number;
}

/** Options and TCP_INFO (accept queue length and limit) of one listener. */
export interface ListenerSocket extends TransportSocket {
  readonly address: Address;
}
