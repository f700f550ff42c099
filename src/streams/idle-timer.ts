/**
 * Tells when nothing has happened for a while. Touching it is one clock reading and
 * setting it again mostly nothing more: an HTTP server sets the time-out of its socket
 * twice per request. The timer does not keep the process alive.
 */
export class IdleTimer {
  /** 0: off. */
  timeoutMs = 0;
  private readonly onIdle: () => void;
  private since = 0;
  private timer: NodeJS.Timeout | undefined;
  /** When `timer` fires. */
  private firesAt = 0;

  constructor(onIdle: () => void) {
    this.onIdle = onIdle;
  }

  set(timeoutMs: number): void {
    this.timeoutMs = timeoutMs;
    this.touch();
  }

  /** Something has happened. */
  touch(): void {
    if (this.timeoutMs === 0) return;
    this.since = performance.now();
    const due = this.since + this.timeoutMs;
    if (this.timer === undefined || due < this.firesAt) this.arm(due, this.timeoutMs);
  }

  /** Turned off for good; no timer is left. */
  stop(): void {
    this.timeoutMs = 0;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private arm(due: number, delayMs: number): void {
    clearTimeout(this.timer);
    this.firesAt = due;
    this.timer = setTimeout(() => this.check(), Math.ceil(delayMs)).unref();
  }

  private check(): void {
    this.timer = undefined;
    if (this.timeoutMs === 0) return;
    const due = this.since + this.timeoutMs;
    const left = due - performance.now();
    if (left > 0) this.arm(due, left);
    else this.onIdle();
  }
}
