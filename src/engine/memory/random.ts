/**
 * A stream of pseudo-random numbers that depends on its seed alone: splitmix32, a
 * counter in steps of the golden ratio, scrambled. Not for secrets.
 */
export class Random {
  private state: number;

  /** @param seed a whole number from 0 to 2^32 - 1 */
  constructor(seed: number) {
    this.state = seed | 0;
    // Neighbouring seeds start with neighbouring counters: one scramble apart they have nothing in common.
    this.state = this.next();
  }

  /** From 0 inclusive to 1 exclusive. */
  fraction(): number {
    return (this.next() >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of the choices. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** A stream of its own, so that what one user draws does not change what another gets. */
  fork(): Random {
    return new Random(this.next() >>> 0);
  }

  private next(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  }
}
