import { IncompleteReadError, LimitOverrunError } from './errors.js';
import type { Attempt, Input } from './input.js';

const LINE_FEED = Buffer.from('\n');
const CR = 13;

/** The end of input, or the fault that came instead of it. */
function end(input: Input): null {
  if (input.fault !== null) throw input.fault;
  return null;
}

/** The end of input in the middle of something. */
function incomplete({ fault, queue, cause }: Input, expected: number | null): Error {
  return fault ?? new IncompleteReadError(queue.take(queue.byteLength), expected, cause?.());
}

/** The next chunk, whatever its size. */
export function chunk(input: Input): Buffer | null | undefined {
  if (input.queue.byteLength > 0) return input.queue.shift(Infinity);
  return input.ended ? end(input) : undefined;
}

/** The next chunk, at most `max` bytes of it. */
export function atMost(max: number): Attempt<Buffer | null> {
  return (input) => {
    if (input.queue.byteLength > 0) return input.queue.shift(max);
    return input.ended ? end(input) : undefined;
  };
}

export function exactly(byteCount: number): Attempt<Buffer> {
  return (input) => {
    if (input.queue.byteLength >= byteCount) return input.queue.take(byteCount);
    if (input.ended) throw incomplete(input, byteCount);
    return undefined;
  };
}

export function into(target: Uint8Array): Attempt<number> {
  return (input) => {
    if (input.queue.byteLength > 0) return input.queue.copyTo(target);
    if (!input.ended) return undefined;
    end(input);
    return 0;
  };
}

/** Through the next delimiter, of which `limit` bytes may be in front. */
export function until(delimiter: Uint8Array, limit: number): Attempt<Buffer> {
  const find = finder(delimiter, limit);
  return (input) => {
    const length = find(input);
    if (length >= 0) return input.queue.take(length);
    if (input.ended) throw incomplete(input, null);
    return undefined;
  };
}

/** The next line without its end; the last one may have none. */
export function line(limit: number): Attempt<string | null> {
  const find = finder(LINE_FEED, limit);
  return (input) => {
    const { queue } = input;
    const length = find(input);
    if (length >= 0) return text(queue.take(length), length - 1);
    if (!input.ended) return undefined;
    if (input.fault !== null || queue.byteLength === 0) return end(input);
    return queue.take(queue.byteLength).toString();
  };
}

/** The first `length` bytes as UTF-8, without a CR at their end. */
function text(bytes: Buffer, length: number): string {
  const isCrLf = length > 0 && bytes[length - 1] === CR;
  return bytes.toString('utf8', 0, isCrLf ? length - 1 : length);
}

/** Finds the length through the delimiter, or -1; remembers how far it has looked. */
function finder(delimiter: Uint8Array, limit: number): (input: Input) => number {
  let from = 0;
  return ({ queue }) => {
    const at = queue.indexOf(delimiter, from);
    // So many bytes in front of the place where the delimiter is, or where it begins at the earliest.
    const before = at >= 0 ? at : Math.max(0, queue.byteLength - delimiter.length + 1);
    if (before > limit) throw new LimitOverrunError(before, limit);
    from = before;
    return at >= 0 ? at + delimiter.length : -1;
  };
}
