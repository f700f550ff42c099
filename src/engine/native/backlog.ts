/** Small appends share blocks of this size, so that a million one-byte writes stay a few chunks. */
const BLOCK_BYTES = 64 * 1024;
/**
 * Blocks kept for the next backlog. A slow reader of a fast stream makes one of nearly
 * every write: left to the collector, they are 64 MiB before it sees a reason to run.
 */
const SPARE_MAX = 16;
const spare: Buffer[] = [];

/** Bytes that the kernel would not take yet, in order. */
export class Backlog {
  /** The chunks; those before `first` are sent. */
  readonly chunks: Uint8Array[] = [];
  /** Of each chunk, the block that it is a view of; null: it is the writer's memory. */
  private readonly blocks: (Buffer | null)[] = [];
  first = 0;
  /** Bytes of `chunks[first]` that are sent. */
  skip = 0;
  byteLength = 0;
  /** The block that small appends go to: the last chunk is a view of its first `blockUsed` bytes. */
  private block: Buffer | null = null;
  private blockUsed = 0;

  /** Appends a copy. */
  append(data: Uint8Array): void {
    if (data.length === 0) return;
    this.byteLength += data.length;
    if (this.block !== null && this.block.length - this.blockUsed >= data.length) {
      this.block.set(data, this.blockUsed);
      this.blockUsed += data.length;
      this.chunks[this.chunks.length - 1] = this.block.subarray(0, this.blockUsed);
      return;
    }
    if (data.length > BLOCK_BYTES) {
      this.push(Buffer.from(data), null);
      return;
    }
    const block = spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    block.set(data);
    this.blockUsed = data.length;
    this.push(block.subarray(0, data.length), block);
  }

  /** Appends the chunk itself. */
  appendOwned(data: Uint8Array): void {
    if (data.length === 0) return;
    this.byteLength += data.length;
    this.push(data, null);
  }

  private push(chunk: Uint8Array, block: Buffer | null): void {
    this.chunks.push(chunk);
    this.blocks.push(block);
    this.block = block;
  }

  /** The first `count` bytes are sent. */
  consume(count: number): void {
    this.byteLength -= count;
    let rest = count + this.skip;
    while (this.first < this.chunks.length) {
      const length = this.chunks[this.first]!.length;
      if (rest < length) break;
      rest -= length;
      this.chunks[this.first] = EMPTY;
      this.giveBack(this.blocks[this.first]!);
      this.first++;
    }
    this.skip = rest;
    if (this.first >= 1024) this.compact();
  }

  /** Nobody but this backlog has seen the block, and all of it is sent. */
  private giveBack(block: Buffer | null): void {
    if (block === null) return;
    if (block === this.block) this.block = null;
    if (spare.length < SPARE_MAX) spare.push(block);
  }

  private compact(): void {
    this.chunks.splice(0, this.first);
    this.blocks.splice(0, this.first);
    this.first = 0;
  }
}

const EMPTY = new Uint8Array(0);
