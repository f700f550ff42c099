import type { Driver, VirtualClock } from '../engine/memory/clock.js';

/** How long a wait may take unless said otherwise, virtual ms: an hour, beyond any time-out of TCP's own. */
const PATIENCE_MS = 3_600_000;

interface Condition {
  readonly isMet: () => boolean;
  readonly settle: (error?: unknown) => void;
}

/**
 * Waits on behalf of tests. While somebody waits, virtual time passes: whenever the
 * network is idle, the next timer fires. So a wait in vain costs no real time.
 */
export class Waiting implements Driver {
  private readonly clock: VirtualClock;
  private readonly conditions = new Set<Condition>();

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  /** Resolves once the condition is met; rejects with `inVain()` after `patienceMs` of virtual time. */
  until(isMet: () => boolean, inVain: () => Error, patienceMs = PATIENCE_MS): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => {
        this.clock.clearTimeout(timer);
        this.conditions.delete(condition);
        if (this.conditions.size === 0) this.clock.driveBy(null);
        if (error === undefined) resolve();
        else reject(error);
      };
      const condition: Condition = { isMet, settle };
      const timer = this.clock.setTimeout(() => settle(inVain()), patienceMs);
      this.conditions.add(condition);
      this.clock.driveBy(this);
    });
  }

  /** Something happened: looks at the conditions again. */
  notify(): void {
    for (const condition of [...this.conditions]) if (condition.isMet()) condition.settle();
  }

  wantsTime(): boolean {
    const before = this.conditions.size;
    this.notify();
    // Whoever got what it waited for reacts first.
    return this.conditions.size === before;
  }

  gaveUp(error: Error): void {
    for (const condition of [...this.conditions]) condition.settle(error);
  }
}
