/** Pieces that queue up share blocks of this size, so that a million one-byte writes stay a few blocks. */
const BLOCK_BYTES = 16 * 1024;

interface Block {
  readonly bytes: Buffer;
  start: number;
  end: number;
}

/** Bytes in order. What is put in is copied; what was taken out is never written to again. */
export class ByteQueue {
  length = 0;
  private blocks: Block[] = [];
  private first = 0;

  push(data: Uint8Array): void {
    if (data.length === 0) return;
    const isFirst = this.length === 0;
    this.length += data.length;
    const last = this.blocks.at(-1);
    if (last !== undefined && last.bytes.length - last.end >= data.length) {
      last.bytes.set(data, last.end);
      last.end += data.length;
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(
      isFirst ? data.length : Math.max(BLOCK_BYTES, data.length),
    );
    bytes.set(data);
    this.blocks.push({ bytes, start: 0, end: data.length });
  }

  /** Removes and returns the first `count` bytes, or all there are. */
  take(count: number): Buffer {
    const wanted = Math.min(count, this.length);
    this.length -= wanted;
    const pieces: Buffer[] = [];
    for (let missing = wanted; missing > 0; ) {
      const piece = this.takeFromFirst(missing);
      pieces.push(piece);
      missing -= piece.length;
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  /** The first bytes, at most `count`, which stay. */
  peek(count: number): Buffer {
    const block = this.blocks[this.first];
    if (block === undefined) return Buffer.alloc(0);
    return block.bytes.subarray(block.start, Math.min(block.end, block.start + count));
  }

  /** All bytes, which stay. */
  peekAll(): Buffer {
    if (this.blocks.length - this.first > 1) {
      const bytes = this.take(this.length);
      this.blocks = [{ bytes, start: 0, end: bytes.length }];
      this.length = bytes.length;
    }
    return this.peek(this.length);
  }

  /** Drops everything after the first `length` bytes. */
  truncate(length: number): void {
    if (length >= this.length) return;
    const kept = this.take(length);
    this.clear();
    this.push(kept);
  }

  clear(): void {
    this.blocks = [];
    this.first = 0;
    this.length = 0;
  }

  private takeFromFirst(most: number): Buffer {
    const block = this.blocks[this.first] as Block;
    const count = Math.min(most, block.end - block.start);
    const piece = block.bytes.subarray(block.start, block.start + count);
    block.start += count;
    if (block.start === block.end) this.dropFirst();
    return piece;
  }

  private dropFirst(): void {
    this.first++;
    if (this.first < 64 && this.first < this.blocks.length) return;
    this.blocks.splice(0, this.first);
    this.first = 0;
  }
}
