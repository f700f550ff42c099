const LARGEST_INT64 = 2n ** 63n - 1n;
const SMALLEST_INT64 = -(2n ** 63n);
/** Every number of so few characters is a safe integer. */
const SAFE_CHARACTERS = 15;
/** Enough for any key, and parsed in a millisecond. */
const MOST_BIG_NUMBER_DIGITS = 65_536;

const INTEGER = /^[+-]?[0-9]+$/;
const DOUBLE = /^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$/;

/** The value of `:`, or null where it is no 64-bit integer. Beyond 2^53 - 1 a bigint. */
export function parseInteger(text: string): number | bigint | null {
  if (!INTEGER.test(text)) return null;
  if (text.length <= SAFE_CHARACTERS) return Number(text) + 0;
  const value = parseBigNumber(text);
  if (value === null || value > LARGEST_INT64 || value < SMALLEST_INT64) return null;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The value of `(`, or null where it is no integer or has more than 65,536 digits. */
export function parseBigNumber(text: string): bigint | null {
  if (!INTEGER.test(text) || text.length > MOST_BIG_NUMBER_DIGITS) return null;
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

/** The value of `,`, or null where it is no double. */
export function parseDouble(text: string): number | null {
  switch (text) {
    case 'inf':
    case '+inf':
      return Number.POSITIVE_INFINITY;
    case '-inf':
      return Number.NEGATIVE_INFINITY;
    case 'nan':
    case '-nan':
      return Number.NaN;
    default:
      return DOUBLE.test(text) ? Number(text) : null;
  }
}

/** A double as RESP spells it. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

export function isInt64(value: bigint): boolean {
  return value <= LARGEST_INT64 && value >= SMALLEST_INT64;
}
