import { isUtf8 } from 'node:buffer';
import { describe } from './checks.js';

/**
 * Ownership of message bytes. A view of a received chunk costs nothing and keeps the chunk's
 * whole memory alive; a copy into a pool of 8 KiB costs a few tens of nanoseconds more (Node's own
 * pool has 64 KiB since Node 24).
 * So short slices are copied and long ones are views: what is kept keeps at most 8 KiB or
 * about 16 times its size, whichever is more.
 */
const SHORTEST_VIEW_BYTES = 4096;
const POOL_BYTES = 8192;
/** Up to this size a loop beats a call of `copy` (37 against 72 ns for 20 bytes, Node 20). */
const LOOP_COPY_BYTES = 48;

/** The chunk as a Buffer over the same memory. */
export function asBuffer(chunk: Uint8Array): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (!(chunk instanceof Uint8Array)) {
    throw new TypeError(`bytes must be a Uint8Array (or Buffer); got ${describe(chunk)}`);
  }
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** The bytes from `from` to `to`, fit to be kept: a copy when short, else a view. */
export function ownBytes(bytes: Buffer, from: number, to: number): Buffer {
  const length = to - from;
  if (length >= SHORTEST_VIEW_BYTES || bytes.buffer.byteLength <= POOL_BYTES) {
    return bytes.subarray(from, to);
  }
  const copy = allocate(length);
  if (length <= LOOP_COPY_BYTES) {
    for (let i = 0; i < length; i++) copy[i] = bytes[from + i]!;
  } else {
    bytes.copy(copy, 0, from, to);
  }
  return copy;
}

let pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let poolUsed = 0;

function allocate(length: number): Buffer {
  if (length > POOL_BYTES / 2) return Buffer.allocUnsafeSlow(length);
  if (poolUsed + length > POOL_BYTES) {
    pool = Buffer.allocUnsafeSlow(POOL_BYTES);
    poolUsed = 0;
  }
  const start = poolUsed;
  poolUsed += length;
  return pool.subarray(start, start + length);
}

/** The parts of one encoded message: in one piece when they are short, else as they are. */
export function gather(parts: Uint8Array[]): Uint8Array[] {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length >= SHORTEST_VIEW_BYTES) return parts;
  const whole = Buffer.allocUnsafe(length);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return [whole];
}

/** The text of UTF-8 bytes, or where (an index into `bytes`) they stop being UTF-8. */
export function decodeUtf8(bytes: Buffer, from: number, to: number): string | number {
  const text = bytes.toString('utf8', from, to);
  // An invalid sequence becomes U+FFFD, so that only text which has one needs a second look.
  if (!text.includes('\ufffd')) return text;
  const slice = bytes.subarray(from, to);
  return isUtf8(slice) ? text : from + validUtf8Length(slice);
}

function validUtf8Length(bytes: Buffer): number {
  let valid = 0;
  while (valid < bytes.length) {
    const lead = bytes[valid]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const end = Math.min(valid + length, bytes.length);
    if (!isUtf8(bytes.subarray(valid, end))) break;
    valid = end;
  }
  return valid;
}

/** Whether UTF-8 can express the text: it has no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
