import { channels } from './diagnostics.js';
import type { ConnectionOwner } from './engine/engine.js';
import { asError, notWritable, writeAfterEnd } from './errors.js';
import { resolveLimits } from './flow-control.js';
import { assertProtocol, type BufferedProtocol, isBuffered, type Protocol } from './protocol.js';
import type { Server } from './server.js';
import type { CloseCause } from './stats.js';
import type { Transport, WriteBufferLimits } from './transport.js';
import { TransportIo } from './transport-io.js';
import {
  BUFFERED,
  CLOSING,
  DROP_REPORTED,
  DUE,
  EOF_RECEIVED,
  EOF_WAITING,
  EOF_WRITTEN,
  LOST,
  OVER,
  READING_PAUSED,
  RESUMING,
  WRITING_PAUSED,
} from './transport-state.js';

/** How much a buffered protocol is told it could be given at once, bytes. */
export const receiveSizeHint = 64 * 1024;

let nextId = 1;

/**
 * The state machine of a transport: what may be called when, in which order the
 * protocol hears of things, and what happens when it throws. It does no I/O: an
 * engine extends it, implements the abstract part, and reports events through the
 * methods marked "engine".
 *
 * What makes re-entrancy impossible: nothing below calls the protocol from inside
 * a call the protocol made. Such calls only change the state and ask for `runDue`,
 * which the engine calls from its own stack soon after. `pauseWriting` is the one
 * exception, as in asyncio.
 */
export abstract class BaseTransport extends TransportIo implements Transport {
  readonly id = nextId++;
  bytesRead = 0;
  protected readonly owner: ConnectionOwner;
  private flags: number;
  private current: Protocol | BufferedProtocol;
  private limits: WriteBufferLimits;
  /** Received while reading was paused, in order. Bounded: the engine stops reading when it hears of the pause. */
  private waiting: Buffer[] | null = null;
  private lostError: Error | null = null;
  private cause: CloseCause | null = null;

  constructor(owner: ConnectionOwner, protocol: Protocol | BufferedProtocol) {
    super();
    this.owner = owner;
    this.current = protocol;
    this.flags = isBuffered(protocol) ? BUFFERED : 0;
    this.limits = owner.settings.writeBufferLimits;
  }

  // ---- the public side ----

  get protocol(): Protocol | BufferedProtocol {
    return this.current;
  }

  set protocol(protocol: Protocol | BufferedProtocol) {
    assertProtocol(protocol);
    this.current = protocol;
    const before = this.flags;
    this.flags = isBuffered(protocol) ? before | BUFFERED : before & ~BUFFERED;
    if (this.flags !== before && !(before & CLOSING)) this.readingChanged();
  }

  get server(): Server | null {
    return this.owner.server;
  }

  get isClosing(): boolean {
    return (this.flags & CLOSING) !== 0;
  }

  get isReading(): boolean {
    return (this.flags & (READING_PAUSED | CLOSING)) === 0;
  }

  get writeBufferLimits(): WriteBufferLimits {
    return this.limits;
  }

  write(data: Uint8Array | string): void {
    if (!(data instanceof Uint8Array) && typeof data !== 'string') throw notWritable(data);
    if (this.flags & (EOF_WRITTEN | CLOSING) && !this.takesWrite(data.length)) return;
    if (data.length === 0) return;
    this.send(data);
    this.checkHighWater();
  }

  writev(chunks: readonly Uint8Array[]): void {
    let length = 0;
    for (const chunk of chunks) {
      if (!(chunk instanceof Uint8Array)) throw notWritable(chunk);
      length += chunk.length;
    }
    if (this.flags & (EOF_WRITTEN | CLOSING) && !this.takesWrite(length)) return;
    if (length === 0) return;
    this.sendMany(chunks);
    this.checkHighWater();
  }

  writeEof(): void {
    if (this.flags & (EOF_WRITTEN | CLOSING)) return;
    this.flags |= EOF_WRITTEN;
    this.finishOutput();
  }

  close(): void {
    this.closeFor('close');
  }

  abort(): void {
    this.terminate('abort', null);
  }

  reset(): void {
    this.terminate('reset', null);
  }

  pauseReading(): void {
    if (this.flags & (READING_PAUSED | CLOSING)) return;
    this.flags |= READING_PAUSED;
    this.readingChanged();
  }

  resumeReading(): void {
    if ((this.flags & (READING_PAUSED | CLOSING)) !== READING_PAUSED) return;
    this.flags &= ~READING_PAUSED;
    if (this.hasWaiting) this.schedule();
    else this.readingChanged();
  }

  setWriteBufferLimits(limits: { high?: number; low?: number }): void {
    this.limits = resolveLimits(limits);
    this.checkHighWater();
  }

  // ---- engine: state ----

  /** Whether the engine should receive: not paused, not closing, end not seen, nothing waiting. */
  get wantsInput(): boolean {
    return (
      (this.flags & (READING_PAUSED | CLOSING | EOF_RECEIVED | EOF_WAITING)) === 0 &&
      this.waiting === null
    );
  }

  /** Whether received bytes go into memory of the protocol's. */
  get takesOwnMemory(): boolean {
    return (this.flags & BUFFERED) !== 0;
  }

  /** Whether FIN follows what is buffered. */
  get isFinishing(): boolean {
    return (this.flags & (EOF_WRITTEN | CLOSING)) !== 0;
  }

  /** Whether the connection has ended and only `connectionLost` is left. */
  get isLost(): boolean {
    return (this.flags & LOST) !== 0;
  }

  /** Whether the peer has sent FIN and it was seen. */
  get eofSeen(): boolean {
    return (this.flags & (EOF_RECEIVED | EOF_WAITING)) !== 0;
  }

  // ---- engine: events ----

  /** The connection is there: tells the owner, who may turn it away, then the protocol. */
  open(): void {
    if (!this.owner.opened(this)) {
      this.flags |= CLOSING | LOST | OVER;
      this.discard(false);
      return;
    }
    if (channels.connection.hasSubscribers) channels.connection.publish({ transport: this });
    this.call(() => this.current.connectionMade?.(this));
  }

  /** Bytes arrived; `chunk` is the protocol's from now on. */
  received(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    if (this.flags & (READING_PAUSED | CLOSING | BUFFERED) || this.waiting !== null) {
      this.deliver(chunk);
      return;
    }
    try {
      const result: unknown = (this.current as Protocol).dataReceived(chunk);
      if (result !== undefined) this.watch(result);
    } catch (thrown) {
      this.callbackFailed(thrown);
    }
  }

  /**
   * The memory a buffered protocol wants bytes in. `null`: do not receive now; the
   * protocol gave none and was aborted, or it paused, closed or replaced itself in getBuffer.
   */
  offerMemory(): Uint8Array | null {
    const asked = this.current as BufferedProtocol;
    try {
      const memory = asked.getBuffer(receiveSizeHint);
      if (this.flags & (READING_PAUSED | CLOSING) || this.current !== asked) return null;
      if (memory instanceof Uint8Array && memory.length > 0) return memory;
      throw new TypeError(
        `getBuffer() must return a Uint8Array with room for at least 1 byte; got ${
          memory instanceof Uint8Array ? 'an empty one' : typeof memory
        }`,
      );
    } catch (thrown) {
      this.callbackFailed(thrown);
      return null;
    }
  }

  /** `count` bytes were put into the memory of the last `offerMemory`. */
  receivedInto(count: number): void {
    this.bytesRead += count;
    this.fillUpdated(count);
  }

  /** The peer sent FIN: the last of the input. */
  receivedEof(): void {
    if (this.flags & (CLOSING | EOF_RECEIVED | EOF_WAITING)) return;
    if (this.flags & READING_PAUSED || this.waiting !== null) this.flags |= EOF_WAITING;
    else this.deliverEof();
  }

  /** The write buffer shrank: the writer may go on when it fell to the low-water mark. */
  drained(): void {
    if ((this.flags & (WRITING_PAUSED | LOST)) !== WRITING_PAUSED) return;
    if (this.writeBufferSize > this.limits.low) return;
    this.flags = (this.flags & ~WRITING_PAUSED) | RESUMING;
    this.call(() => this.current.resumeWriting?.());
    this.flags &= ~RESUMING;
  }

  /** The connection is over: `null` when it was closed in order. `connectionLost` follows from `runDue`. */
  conclude(error: Error | null, cause?: CloseCause): void {
    if (this.flags & LOST) return;
    this.flags |= CLOSING | LOST;
    this.lostError = error;
    if (error !== null || this.cause === null) this.cause = cause ?? this.cause ?? 'close';
    this.waiting = null;
    this.schedule();
  }

  /** An orderly close for `cause`. */
  closeFor(cause: CloseCause): void {
    if (this.flags & CLOSING) return;
    this.flags |= CLOSING;
    this.cause = cause;
    this.waiting = null;
    this.finishOutput();
  }

  /** Ends the connection at once: a deliberate `abort` of some kind, for `cause`. */
  terminate(cause: CloseCause, error: Error | null): void {
    if (this.flags & LOST) return;
    this.flags |= CLOSING;
    this.cause = cause;
    this.discard(cause === 'reset');
    this.conclude(error, cause);
  }

  /** What `defer` asked for: delivers what waited, or the end. */
  runDue(): void {
    this.flags &= ~DUE;
    if (this.flags & LOST) this.finish();
    else if (this.hasWaiting) this.deliverWaiting();
  }

  private get hasWaiting(): boolean {
    return this.waiting !== null || (this.flags & EOF_WAITING) !== 0;
  }

  private schedule(): void {
    if (this.flags & (DUE | OVER)) return;
    this.flags |= DUE;
    this.defer();
  }

  /** A write outside the ordinary: throws, drops (false), or is part of a closing flush (true). */
  private takesWrite(length: number): boolean {
    if (this.flags & EOF_WRITTEN) throw writeAfterEnd();
    if ((this.flags & (RESUMING | LOST)) === RESUMING) return true;
    if (length === 0) return false;
    const first = (this.flags & DROP_REPORTED) === 0;
    this.flags |= DROP_REPORTED;
    this.owner.writeDropped(this, length, first);
    return false;
  }

  private checkHighWater(): void {
    if (this.flags & (WRITING_PAUSED | LOST) || this.writeBufferSize <= this.limits.high) return;
    this.flags |= WRITING_PAUSED;
    this.call(() => this.current.pauseWriting?.());
  }

  /** The general way to the protocol: through the queue, respecting a pause, a close and a swap at every step. */
  private deliver(chunk: Buffer): void {
    if (this.flags & CLOSING) return;
    this.waiting ??= [];
    this.waiting.push(chunk);
    if (!(this.flags & READING_PAUSED)) this.deliverWaiting();
  }

  /** Gives the protocol what it takes at once; returns what is left. */
  private handOver(chunk: Buffer): Buffer {
    if (this.flags & BUFFERED) {
      const memory = this.offerMemory();
      if (memory === null) return chunk;
      const count = Math.min(memory.length, chunk.length);
      memory.set(chunk.subarray(0, count));
      this.fillUpdated(count);
      return chunk.subarray(count);
    }
    this.call(() => (this.current as Protocol).dataReceived(chunk));
    return chunk.subarray(chunk.length);
  }

  private fillUpdated(count: number): void {
    this.call(() => (this.current as BufferedProtocol).bufferUpdated(count));
  }

  private deliverWaiting(): void {
    while (this.waiting !== null && !(this.flags & (READING_PAUSED | CLOSING))) {
      const chunk = this.waiting.shift() as Buffer;
      if (this.waiting.length === 0) this.waiting = null;
      const rest = this.handOver(chunk);
      if (rest.length > 0 && !(this.flags & CLOSING))
        this.waiting = [rest, ...(this.waiting ?? [])];
    }
    if (this.flags & (READING_PAUSED | CLOSING)) return;
    if (this.flags & EOF_WAITING) this.deliverEof();
    else this.readingChanged();
  }

  private deliverEof(): void {
    this.flags = (this.flags | EOF_RECEIVED) & ~EOF_WAITING;
    const keepOpen = this.call(() => this.current.eofReceived?.());
    if (this.flags & CLOSING) return;
    if (keepOpen === true) {
      this.readingChanged();
      return;
    }
    this.closeFor('eof');
  }

  /** Runs a callback of the protocol's; what it throws, or its promise rejects with, ends the connection. */
  private call(callback: () => unknown): unknown {
    try {
      const result = callback();
      if (result !== undefined) this.watch(result);
      return result;
    } catch (thrown) {
      this.callbackFailed(thrown);
      return undefined;
    }
  }

  /** A rejection of an async callback counts as a throw. */
  private watch(result: unknown): void {
    if (typeof (result as PromiseLike<unknown> | null)?.then !== 'function') return;
    (result as PromiseLike<unknown>).then(undefined, (reason) => this.callbackFailed(reason));
  }

  private callbackFailed(thrown: unknown): void {
    const error = asError(thrown);
    this.owner.failed(error, this);
    this.terminate('protocol-error', error);
  }

  private finish(): void {
    if (this.flags & OVER) return;
    this.flags |= OVER;
    try {
      this.watch(this.current.connectionLost?.(this.lostError));
    } catch (thrown) {
      this.owner.failed(asError(thrown), this);
    }
    const cause = this.cause as CloseCause;
    this.owner.closed(this, cause, this.lostError);
    if (channels.close.hasSubscribers) {
      channels.close.publish({ transport: this, cause, error: this.lostError });
    }
  }
}
