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

  /** Rejects for a reason that is not the caller's fault: when nobody awaits the promise that is no crash. */
  fail(error: unknown): void {
    this.promise.catch(ignore);
    this.reject(error);
  }
}

/** A rejected promise, under the same rule. */
export function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}
