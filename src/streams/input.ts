import type { Transport } from '../transport.js';
import { Deferred, rejected } from './deferred.js';
import { connectionUpgraded, readPending } from './errors.js';
import { ReceiveQueue } from './receive-queue.js';

/**
 * What a read wants. Called when the read begins and whenever there is more input:
 * takes its result out of the queue, gives `undefined` to wait for more, or throws.
 */
export type Attempt<T> = (input: Input) => T | undefined;

/** The one read that waits. */
class PendingRead<T> extends Deferred<T> {
  readonly attempt: Attempt<T>;

  constructor(attempt: Attempt<T>) {
    super();
    this.attempt = attempt;
  }
}

/**
 * The receiving half of a connection: what arrived, how the input ended, the read that waits,
 * and when the peer has to be stopped.
 */
export class Input {
  readonly queue = new ReceiveQueue();
  /** No more bytes will come. */
  ended = false;
  /** Why reads past the end fail; `null`: they meet the end of input. */
  fault: Error | null = null;
  /** Tells why the input ended when the peer did not end it. Asked only in need: an error takes its stack. */
  cause: (() => Error) | null = null;
  /** Bytes; above twice as many buffered ones reading pauses, at or below it goes on. */
  readonly limit: number;
  private readonly transport: Transport;
  private isPaused = false;
  private isTaken = false;
  private pending: PendingRead<unknown> | null = null;

  constructor(transport: Transport, limit: number) {
    this.transport = transport;
    this.limit = limit;
  }

  /** Another owner takes over what is buffered; no read will succeed any more. */
  take(): ReceiveQueue {
    if (this.pending !== null) throw readPending();
    this.isTaken = true;
    return this.queue;
  }

  /** Reads: at once when the queue has what is wanted, else when it arrives. */
  read<T>(attempt: Attempt<T>): Promise<T> {
    if (this.isTaken) return Promise.reject(connectionUpgraded());
    if (this.pending !== null) return Promise.reject(readPending());
    let result: T | undefined;
    try {
      result = attempt(this);
    } catch (error) {
      return rejected(error);
    }
    if (this.isPaused && (result === undefined || this.queue.byteLength <= this.limit)) {
      this.isPaused = false;
      this.transport.resumeReading();
    }
    if (result !== undefined) return Promise.resolve(result);
    const pending = new PendingRead(attempt);
    this.pending = pending as PendingRead<unknown>;
    return pending.promise;
  }

  received(chunk: Buffer): void {
    const { queue } = this;
    queue.push(chunk);
    if (this.pending !== null) this.retry(this.pending);
    if (queue.byteLength === 0) return;
    queue.keep();
    // A read that still waits wants more than there is.
    if (this.isPaused || this.pending !== null || queue.byteLength <= 2 * this.limit) return;
    this.isPaused = true;
    this.transport.pauseReading();
  }

  /** The input is over: by the peer's FIN, by our closing (`cause`), or by a fault. */
  finish(fault: Error | null, cause: (() => Error) | null = null): void {
    if (!this.ended) this.cause = cause;
    this.ended = true;
    this.fault ??= fault;
    if (this.pending !== null) this.retry(this.pending);
  }

  private retry(pending: PendingRead<unknown>): void {
    let result: unknown;
    try {
      result = pending.attempt(this);
    } catch (error) {
      this.pending = null;
      pending.fail(error);
      return;
    }
    if (result === undefined) return;
    this.pending = null;
    pending.resolve(result);
  }
}
