import type { Address } from './address.js';
import type { TransportSocket } from './transport.js';

/**
 * What an engine implements of a transport: the I/O under the state machine of
 * `BaseTransport`. Promises: no method here calls the protocol or reports an event
 * before it returns; `send` takes everything it is given; after `discard` nothing
 * is reported any more.
 */
export abstract class TransportIo {
  abstract readonly remoteAddress: Address;
  abstract readonly localAddress: Address;
  abstract readonly socket: TransportSocket;
  abstract readonly writeBufferSize: number;
  abstract readonly bytesWritten: number;
  /** Takes bytes (at least one) to send after all earlier ones. */
  protected abstract send(data: Uint8Array | string): void;
  /** The same for several chunks, which may be kept. */
  protected abstract sendMany(chunks: readonly Uint8Array[]): void;
  /** No more will be written: once all is sent, FIN; when `isClosing`, then `conclude(null)`. */
  protected abstract finishOutput(): void;
  /** Drop what is buffered and release the connection; `reset` sends RST. Nothing is reported afterwards. */
  protected abstract discard(reset: boolean): void;
  /** `isReading` or `takesOwnMemory` changed: start or stop receiving. */
  protected abstract readingChanged(): void;
  /** Have `runDue` called soon, from the engine's own stack. */
  protected abstract defer(): void;
}
