/** Things that happen, and code that waits for them: no test ever sleeps. */
export class Happenings {
  private readonly describe: () => string;
  private readonly limitMs: number;
  private readonly waiters = new Set<() => void>();

  /**
   * @param describe what has happened so far, for the message of a wait in vain
   * @param limitMs how long a wait may take
   */
  constructor(describe: () => string, limitMs: number) {
    this.describe = describe;
    this.limitMs = limitMs;
  }

  /** Something happened: conditions are looked at again. */
  notify(): void {
    for (const waiter of [...this.waiters]) waiter();
  }

  /** Resolves when `condition` holds; rejects when it does not within the limit, saying what was awaited. */
  until(what: string, condition: () => boolean): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const waiter = () => {
        if (!condition()) return;
        this.waiters.delete(waiter);
        resolve();
      };
      this.waiters.add(waiter);
      waiter();
    });
    return within(this.limitMs, () => `${what}; ${this.describe()}`, reached);
  }
}

/** `promise`, or a rejection that names what was awaited when it takes too long. */
export async function within<T>(
  limitMs: number,
  what: string | (() => string),
  promise: PromiseLike<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const text = typeof what === 'string' ? what : what();
      reject(new Error(`waited ${limitMs} ms in vain for ${text}`));
    }, limitMs);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** One turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when `condition` holds, looked at once a turn: for what tells nobody that it has changed. */
export async function untilTurn(
  limitMs: number,
  what: () => string,
  condition: () => boolean,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what()}`);
    await nextTurn();
  }
}
