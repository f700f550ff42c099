import type { Random } from './random.js';

/** How likely each trouble is for one connection, 0 to 1; absent means never. */
export interface Faults {
  /** Connecting is refused although somebody listens. */
  readonly refuse?: number;
  /** Both ends see RST at some moment, as from a box in between that lost its state. */
  readonly reset?: number;
  /** From some moment on nothing arrives any more, in either direction, and nobody is told. */
  readonly halfOpen?: number;
  /** Now and then nothing moves for 1 to 30 seconds. */
  readonly stall?: number;
  /** Both ends take their input a few bytes at a time, with pauses. */
  readonly slowReader?: number;
}

/** How a network treats its connections; see `MemoryNetworkOptions`. */
export interface Climate {
  readonly chunks: 'seeded' | 'whole' | 'bytes';
  readonly maxDelayMs: number;
  readonly faults: Faults;
}

/** What ends a connection without either side having asked for it. */
export type Strike = 'reset' | 'half-open';

/** Cutting finely stops after so many bytes, so that a long transfer ends. */
const FINE_BYTES = 4096;
const SLOW_READER_BYTES = 256;

type Cut = 'whole' | 'bytes' | 'crumbs' | 'any';

/** What the seed decided for one connection, and goes on deciding as its bytes move. */
export class Weather {
  readonly isRefused: boolean;
  /** The most that may wait unread; `Infinity`: whatever the socket has room for. */
  readonly unreadMax: number;
  private readonly random: Random;
  private readonly cut: Cut;
  private readonly maxDelayMs: number;
  private readonly stalls: boolean;
  private readonly isSlow: boolean;
  private readonly strike: Strike | null;
  private movesUntilStrike: number;
  private fineBytes = FINE_BYTES;

  constructor(random: Random, climate: Climate) {
    const { faults, chunks, maxDelayMs } = climate;
    this.random = random;
    this.isRefused = random.chance(faults.refuse ?? 0);
    this.cut =
      chunks === 'seeded' ? random.pick<Cut>(['whole', 'bytes', 'crumbs', 'any', 'any']) : chunks;
    this.maxDelayMs = maxDelayMs * random.pick([0, 0.01, 1, 1]);
    this.isSlow = random.chance(faults.slowReader ?? 0);
    this.unreadMax = this.isSlow ? 1 + random.below(SLOW_READER_BYTES) : Infinity;
    this.stalls = random.chance(faults.stall ?? 0);
    const resets = random.chance(faults.reset ?? 0);
    const vanishes = random.chance(faults.halfOpen ?? 0);
    this.strike = resets ? 'reset' : vanishes ? 'half-open' : null;
    // Mostly early, where protocols have most to lose, but any moment can be hit.
    this.movesUntilStrike = random.below(2 ** (1 + random.below(8)));
  }

  /** How many of `available` bytes arrive together, at least 1. */
  chunk(available: number): number {
    if (this.fineBytes <= 0 || this.cut === 'whole') return available;
    const count = Math.min(available, this.cutOf(available));
    this.fineBytes -= count;
    return count;
  }

  /** How long the next thing takes to arrive, ms. */
  delayMs(): number {
    const { random } = this;
    if (this.stalls && random.chance(0.05)) return 1000 + random.below(29_000);
    if (this.isSlow) return 10 + random.below(200);
    return this.maxDelayMs === 0 ? 0 : random.fraction() * this.maxDelayMs;
  }

  /** What happens to the connection at this move, mostly nothing. */
  struck(): Strike | null {
    return this.strike !== null && this.movesUntilStrike-- === 0 ? this.strike : null;
  }

  private cutOf(available: number): number {
    switch (this.cut) {
      case 'bytes':
        return 1;
      case 'crumbs':
        return 1 + this.random.below(5);
      default:
        return 1 + this.random.below(available);
    }
  }
}
