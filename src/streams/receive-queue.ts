/** Chunks below this size are copied when they stay: the receive memory they came in is up to 256 KiB. */
const COPY_BELOW = 16 * 1024;
const BLOCK_MIN = 512;
const BLOCK_MAX = 64 * 1024;

/**
 * Received bytes that were not read yet, in order.
 *
 * A large chunk is kept as it is; small ones are gathered in blocks that grow with the queue, so
 * that what is held is in proportion to the bytes even when they come one by one.
 * Bytes that were handed out are never written to again: a block is only appended to.
 */
export class ReceiveQueue {
  byteLength = 0;
  private first: Buffer | null = null;
  /** What follows the first chunk; most queues never have that. */
  private rest: Buffer[] | null = null;
  /** Our own memory, whose used part ends with the last chunk. */
  private block: Buffer | null = null;
  private blockUsed = 0;

  /** Appends a chunk, for now without a copy; see {@link keep}. */
  push(chunk: Buffer): void {
    this.byteLength += chunk.length;
    if (this.first === null) this.first = chunk;
    else if (chunk.length < COPY_BELOW) this.append(chunk);
    else {
      this.block = null;
      this.rest ??= [];
      this.rest.push(chunk);
    }
  }

  /** The only chunk will stay for a while: when it is small it gives its receive memory back. */
  keep(): void {
    const { first } = this;
    if (first === null || first.length >= COPY_BELOW) return;
    if (this.rest !== null || this.block !== null) return;
    this.first = null;
    this.append(first);
  }

  /** The first chunk, or the first `max` bytes of it. The queue must not be empty. */
  shift(max: number): Buffer {
    const first = this.first!;
    if (first.length > max) return this.cut(first, max);
    this.byteLength -= first.length;
    this.first = this.rest?.shift() ?? null;
    if (this.rest?.length === 0) this.rest = null;
    if (this.first === null) this.block = null;
    return first;
  }

  /** Exactly `count` bytes, of which there must be that many, in one piece. */
  take(count: number): Buffer {
    const { first } = this;
    if (first !== null && first.length > count) return this.cut(first, count);
    if (first !== null && first.length === count) return this.shift(count);
    const whole = Buffer.allocUnsafe(count);
    this.copyTo(whole);
    return whole;
  }

  /** Moves as many bytes as fit into `target`; returns how many. */
  copyTo(target: Uint8Array): number {
    let at = 0;
    while (at < target.length && this.byteLength > 0) {
      const part = this.shift(target.length - at);
      target.set(part, at);
      at += part.length;
    }
    return at;
  }

  /** Where `delimiter` begins, at `from` or later; -1 when it is not there. */
  indexOf(delimiter: Uint8Array, from: number): number {
    const { first } = this;
    if (first === null) return -1;
    const found = first.indexOf(delimiter, from);
    if (found >= 0 || this.rest === null) return found;
    const searched = Math.max(0, first.length - delimiter.length + 1);
    return this.join().indexOf(delimiter, Math.max(from, searched));
  }

  /** Makes one chunk of all, with room for as much again, so that growing costs no more than a copy in all. */
  private join(): Buffer {
    const { byteLength } = this;
    const block = Buffer.allocUnsafeSlow(byteLength * 2);
    this.copyTo(block);
    this.byteLength = byteLength;
    this.first = block.subarray(0, byteLength);
    this.block = block;
    this.blockUsed = byteLength;
    return this.first;
  }

  /** Copies a small chunk to the end of the block, or of a new one. */
  private append(chunk: Buffer): void {
    let last: Buffer | null = null;
    if (this.block !== null && this.block.length - this.blockUsed >= chunk.length) {
      last = this.rest === null ? this.first : this.rest.pop()!;
    } else {
      this.block = Buffer.allocUnsafeSlow(
        Math.min(Math.max(this.byteLength * 2, BLOCK_MIN), BLOCK_MAX),
      );
      this.blockUsed = 0;
    }
    const start = this.blockUsed - (last?.length ?? 0);
    this.block.set(chunk, this.blockUsed);
    this.blockUsed += chunk.length;
    this.putLast(this.block.subarray(start, this.blockUsed), last === null);
  }

  private putLast(chunk: Buffer, isNew: boolean): void {
    if (this.rest !== null) this.rest.push(chunk);
    else if (this.first === null || !isNew) this.first = chunk;
    else this.rest = [chunk];
  }

  private cut(first: Buffer, count: number): Buffer {
    this.first = first.subarray(count);
    this.byteLength -= count;
    return first.subarray(0, count);
  }
}
