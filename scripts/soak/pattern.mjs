import { Random } from './random.mjs';

/** A prime, so that a stream that slipped by any power of two, or any slab or page, shows it. */
const LENGTH = 1_048_573;
/** The period of every stream, twice, so that any part of it is one view. */
const block = makeBlock();

function makeBlock() {
  const random = new Random(1);
  const once = Buffer.alloc(LENGTH);
  for (let i = 0; i < LENGTH; i++) once[i] = random.next() >>> 7;
  return Buffer.concat([once, once]);
}

/** `length` bytes, at most 1,048,573, from `position` on of the stream of `seed`; a view, not to be written to. */
export function patternAt(seed, position, length) {
  const start = (position + seed) % LENGTH;
  return block.subarray(start, start + length);
}

/** Compares a stream, as it comes, with what it must be. */
export class PatternCheck {
  length = 0;
  /** Where the first wrong byte was found, or -1. */
  wrongAt = -1;
  #seed;

  constructor(seed) {
    this.#seed = seed;
  }

  add(chunk) {
    if (this.wrongAt < 0 && !patternAt(this.#seed, this.length, chunk.length).equals(chunk)) {
      const right = patternAt(this.#seed, this.length, chunk.length);
      this.wrongAt = this.length + chunk.findIndex((byte, i) => byte !== right[i]);
    }
    this.length += chunk.length;
  }
}
