import type { Transport } from './transport.js';

/**
 * What the owner of a connection implements. One object per connection, made by
 * the {@link ProtocolFactory}.
 *
 * Promises about the order of calls, per connection:
 *
 * 1. `connectionMade`, once;
 * 2. any number of `dataReceived`, and `pauseWriting` / `resumeWriting` in strict
 *    alternation, and at most one `eofReceived`, after which no `dataReceived` comes;
 * 3. `connectionLost`, exactly once, if and only if `connectionMade` was called;
 * 4. nothing, ever.
 *
 * No callback runs inside a call that the protocol itself makes, with one
 * exception, asyncio's own: `pauseWriting` may run inside `write`, `writev` and
 * `setWriteBufferLimits`.
 *
 * A callback that throws, or an `async` callback that rejects, aborts that
 * connection only: `connectionLost` gets the thrown error, and the server's
 * `onError` hook and the diagnostics channel `hawser:error` are told. The engine
 * never waits for an `async` callback.
 *
 * On the native engine all callbacks of one event-loop turn run before the
 * microtasks they queued; `node:net`, and so the `node` engine, runs microtasks
 * after each callback.
 */
export interface Protocol {
  /** The connection is there. Reading starts after this returns, unless it calls `pauseReading`. */
  connectionMade?(transport: Transport): void;
  /**
   * Bytes arrived: at least one, at most 64 KiB a call; boundaries mean nothing.
   * `data` belongs to the callee: the engine never writes to it again. Keeping a
   * part of it keeps the memory around it: 64 KiB for a chunk of at most 2 KiB, 256 KiB
   * for a larger one. Copy what is kept for long.
   */
  dataReceived(data: Buffer): void;
  /**
   * The peer has finished sending. Return `true` to keep our own write side open;
   * anything else closes the transport (what is buffered is flushed first).
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that returns nothing must be assignable
  eofReceived?(): boolean | void;
  /** The connection is gone: `null` after an orderly close, an error of Node's shape otherwise. */
  connectionLost?(error: Error | null): void;
  /** The bytes buffered for writing rose above the high-water mark. */
  pauseWriting?(): void;
  /** The bytes buffered for writing fell to the low-water mark or below. */
  resumeWriting?(): void;
}

/**
 * A protocol that brings its own receive memory, so that a read allocates nothing.
 * A protocol is buffered when it has `getBuffer`.
 */
export interface BufferedProtocol extends Omit<Protocol, 'dataReceived'> {
  /**
   * Asked before every receive, also before the one that finds the end of input.
   * Returns where to receive into; only the bytes announced by the next
   * `bufferUpdated` are written. An empty or invalid buffer is an error that
   * aborts the transport.
   *
   * @param sizeHint how many bytes the engine could use, at least 1
   */
  getBuffer(sizeHint: number): Uint8Array;
  /** `byteCount` bytes (at least 1) are now at the front of the buffer given by the last `getBuffer`. */
  bufferUpdated(byteCount: number): void;
}

/** Makes the protocol of one connection. When it throws, that connection is closed and the error reported. */
export type ProtocolFactory = () => Protocol | BufferedProtocol;

/** Whether `protocol` brings its own receive memory. */
export function isBuffered(protocol: Protocol | BufferedProtocol): protocol is BufferedProtocol {
  return typeof (protocol as Partial<BufferedProtocol>).getBuffer === 'function';
}

/** Throws a `TypeError` unless `value` can serve as a protocol. */
export function assertProtocol(value: unknown): asserts value is Protocol | BufferedProtocol {
  const candidate = value as Partial<Protocol & BufferedProtocol> | null;
  const usable =
    typeof candidate === 'object' &&
    candidate !== null &&
    (typeof candidate.dataReceived === 'function' ||
      (typeof candidate.getBuffer === 'function' && typeof candidate.bufferUpdated === 'function'));
  if (!usable) {
    throw new TypeError(
      'a protocol must be an object with dataReceived(), or with getBuffer() and bufferUpdated(); ' +
        `got ${value === null ? 'null' : typeof value}`,
    );
  }
}
