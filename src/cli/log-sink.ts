/**
 * Lines to stderr that never make a server wait.
 *
 * Facts it relies on:
 * - write(2) to a pipe, socket or terminal that nobody reads blocks the thread, and
 *   with it every connection, unless the descriptor is non-blocking: then it is EAGAIN.
 * - Node makes a pipe or socket on descriptor 2 non-blocking when `process.stderr` is
 *   first touched; for a terminal it opens a descriptor of its own, and 2 stays as it is.
 * - A terminal stopped with Ctrl-S blocks its writers likewise. Opening
 *   `/proc/self/fd/2` gives a description of one's own, so that making that one
 *   non-blocking changes nothing for the shell that shares the terminal.
 * - O_NONBLOCK means nothing on a regular file: a write may wait for the disk. All
 *   writes are therefore made by Node's thread pool, one at a time.
 * - A thread that is stuck in write(2) would keep the process from exiting, which is
 *   the other reason for non-blocking descriptors; a request that libuv keeps waiting
 *   for a full pipe would too, which is why nothing is written through `process.stderr`.
 */
import { constants, openSync, write } from 'node:fs';
import { isatty } from 'node:tty';

/** Room for lines that wait for stderr, bytes: some thousand connections that come at once. The rest is dropped and counted. */
const QUEUE_BYTES = 4 * 1024 * 1024;
const RETRY_MIN_MS = 1;
const RETRY_MAX_MS = 100;
/** Nobody will ever read what is written there. */
const GONE = new Set(['EPIPE', 'EBADF', 'ECONNRESET', 'ENOTCONN', 'ENXIO']);

/** Writes lines to a descriptor in the background, in order, as far as it takes them. */
export class LogSink {
  readonly #fd: number;
  readonly #describeLoss: (count: number) => string;
  #queue: string[] = [];
  /** Bytes in the queue and in the batch under way. */
  #bytes = 0;
  /** Lines of the queue that the caller wrote, and losses that it reports. */
  #lines = 0;
  #reported = 0;
  /** Lines lost since the last report of a loss was queued. */
  #lost = 0;
  #isBusy = false;
  #isGone = false;
  #retryMs = RETRY_MIN_MS;
  #whenIdle: (() => void) | null = null;
  #patience: NodeJS.Timeout | undefined;

  /**
   * @param fd where to write; it should be non-blocking, see `openLogDescriptor`
   * @param describeLoss the line that stands for `count` lines that were lost
   */
  constructor(fd: number, describeLoss: (count: number) => string) {
    this.#fd = fd;
    this.#describeLoss = describeLoss;
  }

  /** Queues a line, which ends with `\n`; drops and counts it when too much waits already. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#isGone || this.#bytes + bytes > QUEUE_BYTES) {
      this.#lost++;
      return;
    }
    this.#reportLoss();
    this.#push(line, bytes);
    this.#lines++;
    this.#start();
  }

  /** Resolves when everything is written or lost, or when nothing was taken for `patienceMs`. */
  async flush(patienceMs: number): Promise<void> {
    if (!this.#isGone) this.#reportLoss();
    this.#start();
    if (!this.#isBusy) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      this.#patience = setTimeout(resolve, patienceMs);
    });
    clearTimeout(this.#patience);
  }

  #push(line: string, bytes: number): void {
    this.#queue.push(line);
    this.#bytes += bytes;
  }

  #reportLoss(): void {
    if (this.#lost === 0) return;
    const line = this.#describeLoss(this.#lost);
    this.#push(line, Buffer.byteLength(line));
    this.#reported += this.#lost;
    this.#lost = 0;
  }

  /** The lines of one turn of the event loop leave together. */
  #start(): void {
    if (this.#isBusy || this.#queue.length === 0) return;
    this.#isBusy = true;
    setImmediate(() => this.#writeQueue());
  }

  #writeQueue(): void {
    if (this.#queue.length === 0) {
      this.#isBusy = false;
      this.#whenIdle?.();
      return;
    }
    const batch = Buffer.from(this.#queue.join(''));
    const count = this.#lines + this.#reported;
    this.#queue = [];
    this.#lines = 0;
    this.#reported = 0;
    this.#writeBatch(batch, 0, count);
  }

  /** @param count the lines that are lost when the batch is */
  #writeBatch(batch: Buffer, from: number, count: number): void {
    write(this.#fd, batch, from, batch.length - from, null, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#writeBatch(batch, from, count), this.#retryMs).unref();
        this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
        return;
      }
      this.#retryMs = RETRY_MIN_MS;
      this.#patience?.refresh();
      if (error === null && from + written < batch.length) {
        this.#writeBatch(batch, from + written, count);
        return;
      }
      this.#bytes -= batch.length;
      if (error !== null) this.#failed(error, count);
      this.#writeQueue();
    });
  }

  /** A full disk may have room again later; a reader that is gone does not come back. */
  #failed(error: NodeJS.ErrnoException, count: number): void {
    this.#lost += count;
    if (!GONE.has(error.code ?? '')) return;
    this.#isGone = true;
    this.#lost += this.#lines + this.#reported;
    this.#queue = [];
    this.#bytes = 0;
  }
}

/** Descriptor 2, or one for the same thing, made so that writing to it does not block where that can be. */
export function openLogDescriptor(): number {
  if (isatty(2)) {
    try {
      return openSync(
        '/proc/self/fd/2',
        constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
      );
    } catch {
      // Not Linux, or a terminal of another user's: one that may block is better than no log.
      return 2;
    }
  }
  // What Node itself writes there, a warning for instance, must not end the process by failing.
  process.stderr.on('error', () => {});
  return 2;
}
