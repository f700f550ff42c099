/**
 * Checks an option that counts something.
 *
 * @throws TypeError when it is not a number
 * @throws RangeError unless it is an integer from `min` to `max`
 */
export function assertCount(
  codec: string,
  option: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (typeof value !== 'number') {
    throw new TypeError(`${codec}: ${option} must be a number, in bytes; got ${describe(value)}`);
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(
      `${codec}: ${option} must be an integer from ${min} to ${max}; got ${value}`,
    );
  }
}

/** Checks an option that is one of a few values. Throws a `TypeError` that lists them. */
export function assertOneOf(
  codec: string,
  option: string,
  value: unknown,
  allowed: readonly unknown[],
): void {
  if (!allowed.includes(value)) {
    const list = allowed.map((one) => JSON.stringify(one)).join(', ');
    throw new TypeError(`${codec}: ${option} must be one of ${list}; got ${describe(value)}`);
  }
}

/** A value named for an error message, short whatever it is. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return value.length > 40 ? 'a long string' : JSON.stringify(value);
  if (typeof value === 'object') return `an object of class ${value.constructor?.name ?? 'null'}`;
  return typeof value === 'function' ? 'a function' : String(value);
}
