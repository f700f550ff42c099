import type { BaseTransport } from './base-transport.js';
import { codedError } from './errors.js';
import type { CloseCause } from './stats.js';

/** Slow-drip protection: see `ServerOptions.minReadRate`. */
export interface MinReadRate {
  /** Bytes per second below which a sending peer is cut off. */
  readonly bytesPerSecond: number;
  /** Over how long it is measured, ms; default 10,000. */
  readonly windowMs?: number;
}

/** The time limits of a server's connections, ms; absent: none. */
export interface TimeLimits {
  readonly idleTimeoutMs?: number;
  readonly firstDataTimeoutMs?: number;
  readonly maxLifetimeMs?: number;
  readonly minReadRate?: MinReadRate;
}

/** How many looks at a connection a limit's length is divided into: it is noticed up to an eighth late. */
const LOOKS_PER_LIMIT = 8;
const MIN_TICK_MS = 5;
const MAX_TICK_MS = 1000;
const DEFAULT_WINDOW_MS = 10_000;

/** What was seen of a connection so far. */
interface Watched {
  readonly openedAt: number;
  activeAt: number;
  bytesRead: number;
  bytesWritten: number;
  windowStart: number;
  windowBytes: number;
  /** Asked to close for its lifetime at this time; 0: not yet. */
  closedAt: number;
}

/**
 * Ends connections that outstay their time. One timer per server looks at all
 * connections now and then and compares their byte counters with what it saw last:
 * a message costs nothing, and a connection no timer of its own.
 */
export class Clock {
  private readonly limits: TimeLimits;
  private readonly windowMs: number;
  private readonly graceMs: number;
  private readonly tickMs: number;
  private readonly watched = new Map<BaseTransport, Watched>();
  private timer: NodeJS.Timeout | undefined;

  /** `null` without any limit. @param graceMs how long an orderly close at the end of a lifetime may take */
  static for(limits: TimeLimits, graceMs: number): Clock | null {
    const { idleTimeoutMs, firstDataTimeoutMs, maxLifetimeMs, minReadRate } = limits;
    const given = [idleTimeoutMs, firstDataTimeoutMs, maxLifetimeMs, minReadRate];
    return given.every((limit) => limit === undefined) ? null : new Clock(limits, graceMs);
  }

  private constructor(limits: TimeLimits, graceMs: number) {
    this.limits = limits;
    this.graceMs = graceMs;
    this.windowMs = limits.minReadRate?.windowMs ?? DEFAULT_WINDOW_MS;
    const { idleTimeoutMs, firstDataTimeoutMs, maxLifetimeMs, minReadRate } = limits;
    const lengths = [
      idleTimeoutMs,
      firstDataTimeoutMs,
      maxLifetimeMs,
      minReadRate && this.windowMs,
    ];
    const shortest = Math.min(...lengths.filter((length) => length !== undefined));
    this.tickMs = Math.min(
      MAX_TICK_MS,
      Math.max(MIN_TICK_MS, Math.floor(shortest / LOOKS_PER_LIMIT)),
    );
  }

  add(transport: BaseTransport): void {
    const now = performance.now();
    this.watched.set(transport, {
      openedAt: now,
      activeAt: now,
      bytesRead: 0,
      bytesWritten: 0,
      windowStart: now,
      windowBytes: 0,
      closedAt: 0,
    });
    // It never keeps the process alive: open connections do that.
    this.timer ??= setInterval(() => this.look(), this.tickMs).unref();
  }

  delete(transport: BaseTransport): void {
    this.watched.delete(transport);
    if (this.watched.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    const now = performance.now();
    for (const [transport, seen] of this.watched) {
      const { bytesRead, bytesWritten } = transport;
      if (bytesRead !== seen.bytesRead || bytesWritten !== seen.bytesWritten) seen.activeAt = now;
      seen.bytesRead = bytesRead;
      seen.bytesWritten = bytesWritten;
      this.judge(transport, seen, now);
    }
  }

  private judge(transport: BaseTransport, seen: Watched, now: number): void {
    const { idleTimeoutMs, firstDataTimeoutMs, maxLifetimeMs } = this.limits;
    if (maxLifetimeMs !== undefined && now - seen.openedAt >= maxLifetimeMs) {
      this.retire(transport, seen, now);
    } else if (
      firstDataTimeoutMs !== undefined &&
      seen.bytesRead === 0 &&
      now - seen.openedAt >= firstDataTimeoutMs
    ) {
      end(
        transport,
        'first-data-timeout',
        `nothing was received within firstDataTimeoutMs ${firstDataTimeoutMs}`,
      );
    } else if (idleTimeoutMs !== undefined && now - seen.activeAt >= idleTimeoutMs) {
      end(transport, 'idle-timeout', `no byte moved for idleTimeoutMs ${idleTimeoutMs}`);
    } else {
      this.judgeRate(transport, seen, now);
    }
  }

  /** First in order; what is still there after the grace is cut off. */
  private retire(transport: BaseTransport, seen: Watched, now: number): void {
    if (seen.closedAt === 0) {
      seen.closedAt = now;
      transport.closeFor('max-lifetime');
    } else if (now - seen.closedAt >= this.graceMs) {
      end(transport, 'max-lifetime', `still open after maxLifetimeMs ${this.limits.maxLifetimeMs}`);
    }
  }

  /** A silent peer is the idle limit's affair, and a paused one is our own doing. */
  private judgeRate(transport: BaseTransport, seen: Watched, now: number): void {
    const { minReadRate } = this.limits;
    const elapsed = now - seen.windowStart;
    if (minReadRate === undefined || (transport.isReading && elapsed < this.windowMs)) return;
    const received = seen.bytesRead - seen.windowBytes;
    const needed = (minReadRate.bytesPerSecond * elapsed) / 1000;
    if (transport.isReading && received > 0 && received < needed) {
      const rate = Math.round((received * 1000) / elapsed);
      end(
        transport,
        'min-read-rate',
        `the peer sent ${rate} bytes/s; minReadRate is ${minReadRate.bytesPerSecond}`,
      );
    }
    seen.windowStart = now;
    seen.windowBytes = seen.bytesRead;
  }
}

function end(transport: BaseTransport, cause: CloseCause, why: string): void {
  transport.terminate(cause, codedError(new Error(`connection ended: ${why}`), 'ETIMEDOUT'));
}
