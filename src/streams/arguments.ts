import { codedError } from '../errors.js';

/** asyncio's default, bytes. */
const DEFAULT_READ_LIMIT = 64 * 1024;
const BYTES_MAX = 2 ** 31 - 1;

/** @throws RangeError unless `value` is a whole number of bytes from `min` on, below 2 GiB */
export function checkByteCount(name: string, value: number, min: number): number {
  if (Number.isInteger(value) && value >= min && value <= BYTES_MAX) return value;
  throw codedError(
    new RangeError(`${name} must be an integer from ${min} to ${BYTES_MAX}; got ${String(value)}`),
    'ERR_OUT_OF_RANGE',
  );
}

/** The read limit of a connection, 64 KiB without a word. */
export function checkReadLimit(value: number | undefined): number {
  return checkByteCount('readLimit', value ?? DEFAULT_READ_LIMIT, 1);
}

/** @throws TypeError unless it is at least one byte, or a string of that */
export function checkDelimiter(delimiter: Uint8Array | string): Uint8Array {
  const bytes = typeof delimiter === 'string' ? Buffer.from(delimiter) : delimiter;
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytes;
  const got = bytes instanceof Uint8Array ? 'an empty one' : typeof delimiter;
  throw codedError(
    new TypeError(`delimiter must be a string or a Uint8Array of 1 byte or more; got ${got}`),
    'ERR_INVALID_ARG_VALUE',
  );
}

/** @throws TypeError or RangeError unless it is bytes with room for one */
export function checkTarget(target: Uint8Array): Uint8Array {
  if (!(target instanceof Uint8Array)) {
    throw codedError(
      new TypeError(`readInto(target): target must be a Uint8Array; got ${typeof target}`),
      'ERR_INVALID_ARG_TYPE',
    );
  }
  if (target.length > 0) return target;
  throw codedError(
    new RangeError('readInto(target): target must have room for 1 byte or more; got an empty one'),
    'ERR_OUT_OF_RANGE',
  );
}
