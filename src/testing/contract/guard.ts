/** The methods in which `pauseWriting` may be called, and no other callback. */
const pausing = new Set(['write', 'writev', 'setWriteBufferLimits']);

/**
 * Watches for re-entrancy: knows in which call of the library the tests are, and
 * in which callback the library is, and notes a callback that starts inside either.
 */
export class Guard {
  /** What went wrong, as sentences. */
  readonly violations: string[] = [];
  private readonly calls: string[] = [];
  private readonly callbacks: string[] = [];
  private readonly wrapped = new WeakMap<object, object>();

  /** Runs a callback of the protocol, watched. */
  callback<T>(name: string, run: () => T): T {
    const call = this.calls.at(-1);
    if (name === 'pauseWriting') {
      if (call === undefined || !pausing.has(call)) this.note(`pauseWriting ran outside a write`);
    } else if (call !== undefined) {
      this.note(`${name} ran inside ${call}()`);
    } else if (this.callbacks.length > 0) {
      this.note(`${name} ran inside ${this.callbacks.at(-1)}`);
    }
    const calls = this.calls.splice(0);
    this.callbacks.push(name);
    try {
      return run();
    } finally {
      this.callbacks.pop();
      this.calls.push(...calls);
    }
  }

  /** The same object, with every call of a method and every assignment watched. */
  watch<T extends object>(target: T): T {
    const known = this.wrapped.get(target);
    if (known !== undefined) return known as T;
    const proxy = new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => this.inCall(String(key), () => value.apply(target, args));
      },
      set: (_, key, value) =>
        this.inCall(`set ${String(key)}`, () => Reflect.set(target, key, value, target)),
    });
    this.wrapped.set(target, proxy);
    return proxy;
  }

  note(violation: string): void {
    this.violations.push(violation);
  }

  private inCall<T>(name: string, run: () => T): T {
    this.calls.push(name);
    try {
      return run();
    } finally {
      this.calls.pop();
    }
  }
}
