/** From this size on, a copy is a chunk of its own instead of a part of a shared block, bytes. */
const OWN_CHUNK_BYTES = 8 * 1024;
/** The largest block that small appends share, bytes. */
const BLOCK_MAX_BYTES = 64 * 1024;

/** Bytes that were not given to node:net yet, in order. */
export class Outbox {
  byteLength = 0;
  private chunks: Buffer[] = [];
  /** The block small appends go to; its used part is the last chunk. */
  private block: Buffer | null = null;
  private blockUsed = 0;

  /** Appends a copy. A million appends of one byte are a few chunks. */
  append(data: Uint8Array): void {
    const { length } = data;
    if (length === 0) return;
    this.byteLength += length;
    const { block } = this;
    if (block !== null && block.length - this.blockUsed >= length) {
      block.set(data, this.blockUsed);
      this.blockUsed += length;
      this.chunks[this.chunks.length - 1] = block.subarray(0, this.blockUsed);
    } else if (length >= OWN_CHUNK_BYTES || this.chunks.length === 0) {
      this.block = null;
      this.chunks.push(Buffer.from(data));
    } else {
      this.startBlock(data);
    }
  }

  /** Appends the chunk itself. */
  appendOwned(data: Uint8Array): void {
    if (data.length === 0) return;
    this.byteLength += data.length;
    this.block = null;
    this.chunks.push(Buffer.from(data.buffer, data.byteOffset, data.length));
  }

  appendText(text: string): void {
    const bytes = Buffer.from(text);
    if (bytes.length < OWN_CHUNK_BYTES) this.append(bytes);
    else this.appendOwned(bytes);
  }

  /** Removes the first bytes, up to `most`. */
  take(most: number): Buffer[] {
    this.block = null;
    let room = most;
    let count = 0;
    while (count < this.chunks.length && this.chunks[count]!.length <= room) {
      room -= this.chunks[count]!.length;
      count++;
    }
    const taken = this.chunks.splice(0, count);
    const next = this.chunks[0];
    if (next !== undefined && room > 0) {
      taken.push(next.subarray(0, room));
      this.chunks[0] = next.subarray(room);
      room = 0;
    }
    this.byteLength -= most - room;
    return taken;
  }

  clear(): void {
    this.chunks = [];
    this.block = null;
    this.byteLength = 0;
  }

  /** Blocks double, so that few small writes cost little and many share large ones. */
  private startBlock(data: Uint8Array): void {
    const size = Math.min(BLOCK_MAX_BYTES, Math.max(1024, 2 * this.byteLength));
    this.block = Buffer.allocUnsafe(size);
    this.block.set(data);
    this.blockUsed = data.length;
    this.chunks.push(this.block.subarray(0, data.length));
  }
}
