import { type BufferedProtocol, isBuffered, type Protocol } from '../protocol.js';
import type { Transport } from '../transport.js';
import type { ReceiveQueue } from './receive-queue.js';

/** A protocol is told of at most so many bytes at once. */
const CHUNK_MAX = 64 * 1024;

/** A rejection of an async callback counts as a throw. */
function watch(outcome: unknown, fail: (error: unknown) => void): void {
  if (outcome instanceof Promise) outcome.catch(fail);
}

/** Calls a protocol as the engine does: what it throws or rejects with goes to `fail`. */
export function watched(callback: () => unknown, fail: (error: unknown) => void): void {
  try {
    watch(callback(), fail);
  } catch (error) {
    fail(error);
  }
}

/**
 * Gives the bytes a stream had buffered to the protocol that follows it, in order
 * and as its `pauseReading` allows, before the transport delivers anything new.
 *
 * The transport knows nothing of these bytes. So it stays paused until they are
 * delivered, and its reading switch is in our hand for that time: `pauseReading`,
 * `resumeReading` and `isReading` are those of this object, as own properties of the transport.
 */
export class Handover {
  private readonly transport: Transport;
  private readonly queue: ReceiveQueue;
  private readonly ended: boolean;
  private readonly fail: (error: unknown) => void;
  private isWanted = true;
  private isDone = false;

  /**
   * @param ended the end of input comes after the bytes
   * @param fail told of what the protocol throws or rejects with
   */
  constructor(
    transport: Transport,
    queue: ReceiveQueue,
    ended: boolean,
    fail: (error: unknown) => void,
  ) {
    this.transport = transport;
    this.queue = queue;
    this.ended = ended;
    this.fail = fail;
  }

  begin(): void {
    this.transport.pauseReading();
    Object.defineProperties(this.transport, {
      isReading: { configurable: true, get: () => this.isWanted && !this.transport.isClosing },
      pauseReading: { configurable: true, value: () => this.pause() },
      resumeReading: { configurable: true, value: () => this.resume() },
    });
    queueMicrotask(() => this.deliver());
  }

  private pause(): void {
    this.isWanted = false;
  }

  private resume(): void {
    if (this.isWanted) return;
    this.isWanted = true;
    queueMicrotask(() => this.deliver());
  }

  private deliver(): void {
    const { transport, queue } = this;
    if (this.isDone) return;
    try {
      while (transport.isReading && queue.byteLength > 0) watch(this.deliverSome(), this.fail);
      if (!transport.isReading) return;
      this.giveBack();
      if (this.ended) this.deliverEnd();
    } catch (error) {
      this.giveBack();
      this.fail(error);
    }
  }

  private deliverSome(): unknown {
    const protocol = this.transport.protocol as Protocol | BufferedProtocol;
    if (!isBuffered(protocol)) return protocol.dataReceived(this.queue.shift(CHUNK_MAX));
    const memory = protocol.getBuffer(CHUNK_MAX);
    if (!(memory instanceof Uint8Array) || memory.length === 0) {
      throw new TypeError('getBuffer() must return a Uint8Array with room for at least 1 byte');
    }
    return protocol.bufferUpdated(this.queue.copyTo(memory));
  }

  private deliverEnd(): void {
    const outcome: unknown = this.transport.protocol.eofReceived?.();
    watch(outcome, this.fail);
    if (outcome !== true) this.transport.close();
  }

  private giveBack(): void {
    this.isDone = true;
    for (const name of ['resumeReading', 'pauseReading', 'isReading']) {
      Reflect.deleteProperty(this.transport, name);
    }
    this.transport.resumeReading();
  }
}
