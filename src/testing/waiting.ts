import type { VirtualClock } from '../engine/memory/clock.js';

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
export class Waiting {
  private readonly clock: VirtualClock;
  private readonly conditions = new Set<Condition>();
  private isDriving = false;

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
        if (error === undefined) resolve();
        else reject(error);
      };
      const condition: Condition = { isMet, settle };
      const timer = this.clock.setTimeout(() => settle(inVain()), patienceMs);
      this.conditions.add(condition);
      void this.drive();
    });
  }

  /** Something happened: looks at the conditions again. */
  notify(): void {
    for (const condition of [...this.conditions]) if (condition.isMet()) condition.settle();
  }

  private async drive(): Promise<void> {
    if (this.isDriving) return;
    this.isDriving = true;
    try {
      for (;;) {
        await this.clock.idle();
        this.notify();
        if (this.conditions.size === 0) break;
        await this.clock.advance(this.clock.nextTimerAt - this.clock.now);
      }
    } catch (restless) {
      for (const condition of [...this.conditions]) condition.settle(restless);
    } finally {
      this.isDriving = false;
    }
  }
}
