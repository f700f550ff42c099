/** A reproducible source of choices: Marsaglia's xorshift, 32 bits. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = (seed | 0) ^ 0x9e3779b9 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** An integer from 0 to 2^32 - 1. */
  next() {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 0;
  }

  /** An integer from `min` to `max`, both included. */
  between(min, max) {
    return min + (this.next() % (max - min + 1));
  }

  /** A size from 1 to `max`: every order of magnitude is as likely as any other. */
  size(max) {
    return Math.max(1, Math.floor(max ** (this.next() / 2 ** 32)));
  }

  /** One of the keys of `weights`, as likely as its value says. */
  weighted(weights) {
    let ticket = this.between(
      1,
      [...weights.values()].reduce((sum, weight) => sum + weight, 0),
    );
    for (const [key, weight] of weights) {
      ticket -= weight;
      if (ticket <= 0) return key;
    }
    throw new Error('no weights to choose by');
  }
}
