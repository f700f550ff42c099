import type { WriteBufferLimits } from './transport.js';

/** asyncio's defaults for plain transports, bytes. */
export const defaultWriteBufferLimits: WriteBufferLimits = Object.freeze({
  low: 16 * 1024,
  high: 64 * 1024,
});

/**
 * Completes a pair of water marks: `low` defaults to a quarter of `high`, `high` to
 * four times `low`, both to 16 KiB and 64 KiB.
 *
 * @throws RangeError unless 0 <= low <= high and both are whole numbers of bytes
 */
export function resolveLimits(limits: { high?: number; low?: number } = {}): WriteBufferLimits {
  const { high: askedHigh, low: askedLow } = limits;
  if (askedHigh === undefined && askedLow === undefined) return defaultWriteBufferLimits;
  const high = askedHigh ?? 4 * (askedLow as number);
  const low = askedLow ?? Math.floor(high / 4);
  if (!isByteCount(high) || !isByteCount(low) || low > high) {
    throw new RangeError(
      `write buffer limits must be whole numbers of bytes with 0 <= low <= high; got low ${low}, high ${high}`,
    );
  }
  return { low, high };
}

/** `Infinity` is allowed: a buffer that never pauses its writer. */
function isByteCount(value: number): boolean {
  return value >= 0 && (Number.isInteger(value) || value === Infinity);
}
