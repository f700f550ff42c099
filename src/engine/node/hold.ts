/** The longest a timer can wait, ms; it is started again when it ends. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * Keeps the event loop alive while it is held. A socket that neither reads nor
 * writes does not: libuv counts what a handle does, not that it is open.
 */
export class LoopHold {
  private count = 0;
  private timer: NodeJS.Timeout | undefined;

  take(): void {
    this.count++;
    this.timer ??= setInterval(() => {}, FOREVER_MS);
  }

  drop(): void {
    this.count--;
    if (this.count > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
