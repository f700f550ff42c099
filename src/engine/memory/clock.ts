import { Event, EventQueue, type Timer } from './event-queue.js';

export type { Timer };

/**
 * Virtual time: it stands still while code runs and moves only from one event to
 * the next, so that an hour costs no more than the events in it.
 */
export interface Clock {
  /** Milliseconds since the network was made. */
  readonly now: number;
  /** Calls `callback` once, `delayMs` virtual milliseconds from now. */
  setTimeout(callback: () => void, delayMs: number): Timer;
  /** Takes the call back; nothing happens when it is too late. */
  clearTimeout(timer: Timer | undefined): void;
  /** Resolves `delayMs` virtual milliseconds from now. */
  sleep(delayMs: number): Promise<void>;
}

/** Lets time pass while it waits for something. */
export interface Driver {
  /** The network is idle, and whoever waited for that has reacted: shall the next timer fire? */
  wantsTime(): boolean;
  /** The network does not come to rest. */
  gaveUp(error: Error): void;
}

/**
 * How often the event loop must come round with nothing to do before the network
 * counts as idle. Promises and `nextTick` are done after the first; one more lets
 * code that waits for `setImmediate` join in.
 */
const QUIET_TURNS = 2;

/**
 * The virtual clock, and the queue of everything that is going to happen.
 *
 * There are two kinds of events. What is *in transit* (bytes, handshakes, deferred
 * callbacks) happens by itself: while there is any, time runs on to it, and timers
 * that are due before it fire on the way. *Timers* alone do not move time: somebody
 * has to `advance` it. So a test sees a time-out exactly when it asks for time to
 * pass, and never because of how long the test itself took.
 *
 * All that arrives at one moment runs in one event-loop turn (`setImmediate`), each
 * timer in one of its own. Promises and `nextTick` callbacks run between turns.
 */
export class VirtualClock implements Clock {
  now = 0;
  /** How many events may run; beyond, `idle` rejects: code that reacts to itself never comes to rest. */
  stepLimit = Infinity;
  private steps = 0;
  /** Takes what a timer's callback throws; by default it is an uncaught exception, as with real timers. */
  onTimerError: ((thrown: unknown) => void) | null = null;
  private readonly queue = new EventQueue();
  private order = 0;
  private inTransitCount = 0;
  private quietTurns = 0;
  private isPumping = false;
  private isStopped = false;
  private driver: Driver | null = null;
  private readonly idleWaiters: { resolve: () => void; reject: (error: Error) => void }[] = [];
  /** With `followsRealTime`: the real timer for the next virtual one. */
  private readonly followsRealTime: boolean;
  private realTimer: NodeJS.Timeout | undefined;

  /** @param followsRealTime timers that nothing in transit overtakes take as long as real ones */
  constructor(followsRealTime = false) {
    this.followsRealTime = followsRealTime;
  }

  // ---- Clock ----

  setTimeout(callback: () => void, delayMs: number): Timer {
    return this.add(delayMs, true, () => this.fire(callback));
  }

  clearTimeout(timer: Timer | undefined): void {
    if (timer instanceof Event) timer.run = null;
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimeout(resolve, delayMs);
    });
  }

  // ---- the network's side ----

  /** Runs `arrive` after `delayMs`, without anybody having to ask for time to pass. */
  inTransit(delayMs: number, arrive: () => void): void {
    this.inTransitCount++;
    this.add(delayMs, false, arrive);
  }

  /** Resolves when nothing is in transit and no code reacts any more. */
  idle(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.idleWaiters.push({ resolve, reject });
      this.quietTurns = 0;
      this.pumpLater();
    });
  }

  /** Lets time pass: everything that is due in the next `ms` happens, then it resolves. */
  advance(ms: number): Promise<void> {
    return new Promise((resolve) => this.inTransit(ms, resolve));
  }

  /** Nothing happens any more: whoever waits, waits for ever. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.realTimer);
    this.queue.clear();
    this.inTransitCount = 0;
  }

  /** Has the driver asked, whenever the network is idle, whether the next timer shall fire; `null`: none does. */
  driveBy(driver: Driver | null): void {
    this.driver = driver;
    this.quietTurns = 0;
    this.pumpLater();
  }

  // ---- inside ----

  private add(delayMs: number, isTimer: boolean, run: () => void): Event {
    const event = new Event(this.now + Math.max(0, delayMs), this.order++, isTimer, run);
    this.queue.push(event);
    this.quietTurns = 0;
    if (!isTimer || this.followsRealTime) this.pumpLater();
    return event;
  }

  private fire(callback: () => void): void {
    try {
      callback();
    } catch (thrown) {
      if (this.onTimerError === null) throw thrown;
      this.onTimerError(thrown);
    }
  }

  private pumpLater(): void {
    if (this.isPumping || this.isStopped) return;
    this.isPumping = true;
    setImmediate(() => this.pump());
  }

  private pump(): void {
    this.isPumping = false;
    if (this.isStopped) return;
    if (this.steps >= this.stepLimit) {
      this.giveUp();
    } else if (this.inTransitCount > 0) {
      this.pumpLater();
      this.turn();
    } else {
      this.rest();
    }
  }

  /** What is due at the next moment: a timer, or all that arrives then. */
  private turn(): void {
    const first = this.queue.pop();
    if (first === undefined) return;
    const end = this.order;
    this.runEvent(first);
    if (first.isTimer) return;
    for (;;) {
      const next = this.queue.peek();
      const belongs = next?.at === first.at && !next.isTimer && next.order < end;
      if (!belongs) return;
      this.queue.pop();
      this.runEvent(next);
    }
  }

  private runEvent(event: Event): void {
    if (!event.isTimer) this.inTransitCount--;
    if (event.run === null) return;
    this.now = event.at;
    this.steps++;
    event.run();
  }

  /** Nothing is in transit: says so when it stays that way. */
  private rest(): void {
    if (this.followsRealTime) this.waitForTimer();
    if (this.idleWaiters.length === 0 && this.driver === null) return;
    this.pumpLater();
    if (this.quietTurns++ < QUIET_TURNS) return;
    this.quietTurns = 0;
    if (this.idleWaiters.length > 0) {
      for (const { resolve } of this.idleWaiters.splice(0)) resolve();
    } else if (this.driver?.wantsTime()) {
      const timer = this.queue.first();
      this.queue.pop();
      if (timer !== undefined) this.runEvent(timer);
    }
  }

  private giveUp(): void {
    const error = new Error(
      `the network does not come to rest: ${this.steps} events so far, ${this.now} ms of virtual time`,
    );
    for (const { reject } of this.idleWaiters.splice(0)) reject(error);
    this.driver?.gaveUp(error);
  }

  private waitForTimer(): void {
    clearTimeout(this.realTimer);
    const next = this.queue.first();
    if (next === undefined) return;
    this.realTimer = setTimeout(() => this.realTimePassed(next.at), next.at - this.now);
  }
  private realTimePassed(until: number): void {
    const next = this.queue.first();
    if (next === undefined || this.inTransitCount > 0) return;
    if (next.at > until) this.waitForTimer();
    else this.inTransit(next.at - this.now, () => {});
  }
}
