function ignore(): void {}

/** A promise and the means to settle it. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (result: T) => void;
  private reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Rejects for a reason that is not the caller's fault: see {@link handled}. */
  fail(error: unknown): void {
    handled(this.promise);
    this.reject(error);
  }
}

/** Marks a promise as handled: when it rejects and nobody awaits it, that does not end the process. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

/** A rejected promise, handled. */
export function rejected(error: unknown): Promise<never> {
  return handled(Promise.reject(error));
}
