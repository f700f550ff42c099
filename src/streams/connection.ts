import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { Address } from '../address.js';
import type { BufferedProtocol, Protocol } from '../protocol.js';
import type { Transport } from '../transport.js';

/** The decoding half of a codec: all that `connection.frames` needs. Every codec of `hawser/codecs` is one. */
export interface Decoder<Out> {
  /** Takes the next bytes and gives the messages they complete; throws when they are wrong. */
  decode(chunk: Uint8Array): Iterable<Out>;
  /** The input is over; throws when it ends inside a message. */
  end(): Iterable<Out>;
}

/**
 * One connection as a stream: bytes are asked for, and a writer waits for a slow peer.
 *
 * Reading. One read at a time: a second one while the first waits rejects with
 * `ERR_READ_PENDING`. What arrives before it is asked for is buffered up to twice the read
 * limit (64 KiB unless said otherwise), then the peer is stopped by TCP until the buffer
 * has fallen to the limit. After the peer's FIN, and after our own `close` or `abort`, what is
 * buffered can still be read, then comes the end. When the connection is lost, likewise,
 * but reads then reject with its error. Received bytes are the caller's and are never
 * written to again; keeping a small part of a chunk keeps a receive slab alive (64 KiB and more).
 *
 * Errors. Those of the connection have Node's shape (`code`, `errno`, `syscall`). A
 * promise that rejects because of the peer or the network and that nobody awaits does
 * not end the process; `closed` and `signal` tell of the loss in any case.
 *
 * `await using` closes the connection, and waits for that, at the end of the block.
 */
export interface Connection extends AsyncIterable<Buffer>, AsyncDisposable {
  /** The transport below: socket options, counters, `reset`. Its protocol is this connection: see `upgrade`. */
  readonly transport: Transport;
  /** The peer. Known for the whole life, also after close. */
  readonly remoteAddress: Address;
  /** Our end. Known for the whole life, also after close. */
  readonly localAddress: Address;

  /**
   * The next bytes: what has arrived, at least one and at most `max`; `null` at the end.
   * Nothing is joined or copied.
   *
   * @param max bytes, 1 or more; default: no limit
   */
  read(max?: number): Promise<Buffer | null>;
  /**
   * Exactly `byteCount` bytes. They are buffered whatever the read limit is, so check a
   * number that came from the peer.
   *
   * @throws IncompleteReadError when the input ends before; it has the bytes there were
   */
  readExactly(byteCount: number): Promise<Buffer>;
  /**
   * The bytes up to and with the next `delimiter`.
   *
   * @param delimiter at least one byte; a string is UTF-8
   * @param options `limit`: the most bytes before the delimiter; default the read limit
   * @throws LimitOverrunError when there are more; they stay buffered
   * @throws IncompleteReadError when the input ends without one; it has the bytes there were
   */
  readUntil(delimiter: Uint8Array | string, options?: { limit?: number }): Promise<Buffer>;
  /**
   * The next line as UTF-8, without its LF or CRLF; `null` at the end. The last line
   * may lack the line feed.
   *
   * @throws LimitOverrunError for a line longer than the read limit
   */
  readLine(): Promise<string | null>;
  /**
   * Fills the front of `target` with what has arrived. Resolves with the number of bytes, at
   * least 1, or 0 at the end.
   *
   * @throws RangeError for an empty `target`
   */
  readInto(target: Uint8Array): Promise<number>;
  /** Every chunk until the end. Leaving the loop closes nothing, and reading can go on. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer>;
  /** Every line until the end, as of {@link readLine}. Leaving the loop closes nothing. */
  lines(): AsyncIterableIterator<string>;
  /**
   * Every message that `codec` decodes. Throws what the codec throws. Leaving the loop
   * closes nothing, but bytes already given to the codec are its own: go on with `frames` of the same codec.
   *
   * @param codec one for this connection alone
   */
  frames<Out>(codec: Decoder<Out>): AsyncIterableIterator<Out>;

  /**
   * Sends bytes, or a string as UTF-8; they are accepted before this returns, and may be
   * changed then. The promise is for the pace: it is resolved already while the bytes
   * buffered are at or below the high-water mark, and otherwise waits until they have
   * fallen to the low-water mark. Rejects when the connection is lost meanwhile, or was before
   * (`ERR_STREAM_DESTROYED` when it was closed on our side).
   *
   * @throws TypeError (as a rejection) when `data` is neither bytes nor a string
   * @throws Error `ERR_STREAM_WRITE_AFTER_END` (as a rejection) after `end`
   */
  write(data: Uint8Array | string): Promise<void>;
  /** The same for several chunks in order, such as a codec's `encode` gives. They may be kept until they are sent: do not change them. */
  writev(chunks: readonly Uint8Array[]): Promise<void>;
  /**
   * Sends FIN after what was written; reading goes on. Once the peer has sent its FIN
   * too the connection closes by itself. Idempotent.
   */
  end(): void;
  /** Sends what was written, then closes in order. Resolves when the connection is over; never rejects. Idempotent. */
  close(): Promise<void>;
  /** Drops what is not sent yet and closes at once. */
  abort(): void;

  /** Resolves when the connection is over: with `null` after an orderly end, or with its error. Never rejects. */
  readonly closed: Promise<Error | null>;
  /** Aborted when the connection is over, for the other work done on its behalf; the reason is an Error. */
  readonly signal: AbortSignal;

  /**
   * Leaves the stream and gives the transport to `protocol`, whose `connectionMade` is
   * called before this returns. What is buffered, and the end of input if it was seen, is
   * delivered to it from a microtask, before anything new and as its
   * `pauseReading` allows. This object is of no use afterwards: its methods reject or throw
   * `ERR_CONNECTION_UPGRADED`, `closed` resolves, and a handler that returns closes nothing.
   *
   * @throws Error `ERR_READ_PENDING` while a read waits
   */
  upgrade(protocol: Protocol | BufferedProtocol): Transport;

  /** The input as a web stream of `Uint8Array`; one, made when asked for. Cancelling it closes the connection. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The output as a web stream; one, made when asked for. Closing it is `end`, aborting it is `abort`. */
  readonly writable: WritableStream<Uint8Array | string>;
}
