/** Small appends share blocks of this size, so that a million one-byte writes stay a few chunks. */
const BLOCK_BYTES = 64 * 1024;

/** Bytes that the kernel would not take yet, in order. */
export class Backlog {
  /** The chunks; those before `first` are sent. */
  readonly chunks: Uint8Array[] = [];
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
    if (data.length >= BLOCK_BYTES) {
      this.block = null;
      this.chunks.push(Buffer.from(data));
      return;
    }
    this.block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.block.set(data);
    this.blockUsed = data.length;
    this.chunks.push(this.block.subarray(0, data.length));
  }

  /** Appends the chunk itself. */
  appendOwned(data: Uint8Array): void {
    if (data.length === 0) return;
    this.byteLength += data.length;
    this.block = null;
    this.chunks.push(data);
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
      this.first++;
    }
    this.skip = rest;
    if (this.first >= 1024) this.compact();
  }

  private compact(): void {
    this.chunks.splice(0, this.first);
    this.first = 0;
  }
}

const EMPTY = new Uint8Array(0);
