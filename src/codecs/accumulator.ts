const EMPTY = Buffer.alloc(0);
const SMALLEST_BYTES = 64;

/**
 * Collects the parts of one message that chunks cut up. Grows by doubling, so that a byte
 * costs the same however it comes, and never by what a peer only announced: it holds at most
 * twice what was received.
 */
export class Accumulator {
  #memory: Buffer = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was collected, valid until the next call of `append` or `take`. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /** @param expected how many bytes the message will have, where that is known: nothing is allocated beyond it */
  append(source: Buffer, from: number, to: number, expected = Number.MAX_SAFE_INTEGER): void {
    const length = this.#length + to - from;
    if (length > this.#memory.length) this.#grow(length, expected);
    if (to - from === 1) this.#memory[this.#length] = source[from]!;
    else source.copy(this.#memory, this.#length, from, to);
    this.#length = length;
  }

  /** Hands over what was collected, memory and all. */
  take(): Buffer {
    const taken = this.bytes;
    this.#memory = EMPTY;
    this.#length = 0;
    return taken;
  }

  #grow(needed: number, expected: number): void {
    const doubled = Math.max(SMALLEST_BYTES, this.#memory.length * 2);
    const memory = Buffer.allocUnsafe(Math.max(needed, Math.min(doubled, expected)));
    this.#memory.copy(memory, 0, 0, this.#length);
    this.#memory = memory;
  }
}
