const SLAB_BYTES = 16 * 1024;
/** Bytes and strings of this size and more are pieces of their own: bytes without a copy. */
const LARGE_BYTES = 4096;
/** Up to this length a loop over the characters beats a call of `write`. */
const SHORT_TEXT = 32;

/**
 * Writes small pieces of one message one after the other into shared memory, and gives
 * them back as few chunks. One writer serves all connections: a message is written in one go.
 * The memory is filled once and then left to the collector, so chunks stay as they are.
 */
export class ChunkWriter {
  #slab: Buffer = Buffer.alloc(0);
  #position = 0;
  #start = 0;
  #chunks: Uint8Array[] = [];

  /** Begins a message; forgets one that was not finished. */
  begin(): void {
    this.#start = this.#position;
    this.#chunks = [];
  }

  finish(): Uint8Array[] {
    this.#cut();
    return this.#chunks;
  }

  /** Characters up to U+00FF, each as one byte. */
  latin1(text: string): void {
    const { length } = text;
    if (length >= LARGE_BYTES) {
      this.#large(Buffer.from(text, 'latin1'));
      return;
    }
    this.#reserve(length);
    if (length > SHORT_TEXT) this.#slab.write(text, this.#position, 'latin1');
    else for (let i = 0; i < length; i++) this.#slab[this.#position + i] = text.charCodeAt(i);
    this.#position += length;
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length >= LARGE_BYTES) {
      this.#large(bytes);
      return;
    }
    this.#reserve(bytes.length);
    this.#slab.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  #large(bytes: Uint8Array): void {
    this.#cut();
    this.#chunks.push(bytes);
  }

  #reserve(length: number): void {
    if (this.#position + length <= this.#slab.length) return;
    this.#cut();
    this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#position = 0;
    this.#start = 0;
  }

  #cut(): void {
    if (this.#position === this.#start) return;
    this.#chunks.push(this.#slab.subarray(this.#start, this.#position));
    this.#start = this.#position;
  }
}
