import type { Decoder } from './connection.js';
import type { Attempt, Input } from './input.js';
import { chunk, line } from './reads.js';

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

type Step<T> = Attempt<IteratorResult<T, undefined>>;

/**
 * A loop over reads. It holds nothing, so leaving the loop has nothing to give back; and it
 * costs one promise a step, where an async generator costs several.
 */
class Reads<T> implements AsyncIterableIterator<T> {
  private readonly input: Input;
  private readonly nextStep: () => Step<T>;

  constructor(input: Input, nextStep: () => Step<T>) {
    this.input = input;
    this.nextStep = nextStep;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.input.read(this.nextStep());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** `null` ends a loop. */
function asStep<T>(attempt: Attempt<T | null>): Step<T> {
  return (input) => {
    const value = attempt(input);
    if (value === undefined) return undefined;
    return value === null ? DONE : { done: false, value };
  };
}

const chunkStep: Step<Buffer> = asStep(chunk);
const nextChunkStep = () => chunkStep;

export function chunks(input: Input): AsyncIterableIterator<Buffer> {
  return new Reads(input, nextChunkStep);
}

/** @param limit of one line, bytes */
export function lines(input: Input, limit: number): AsyncIterableIterator<string> {
  return new Reads(input, () => asStep(line(limit)));
}

/** The messages of one codec. What it has decoded and nobody took yet waits here, not in the loop. */
export class Frames<Out> {
  readonly codec: Decoder<Out>;
  private messages: Iterator<Out> | null = null;
  private isOver = false;

  constructor(codec: Decoder<Out>) {
    this.codec = codec;
  }

  iterate(input: Input): AsyncIterableIterator<Out> {
    const step: Step<Out> = (from) => this.step(from);
    return new Reads(input, () => step);
  }

  private step(input: Input): IteratorResult<Out, undefined> | undefined {
    for (;;) {
      const message = this.messages?.next();
      if (message !== undefined && message.done !== true) return message;
      this.messages = null;
      if (this.isOver) return DONE;
      const decoded = this.decodeMore(input);
      if (decoded === null) return undefined;
      this.messages = decoded[Symbol.iterator]();
    }
  }

  /** The next messages, perhaps none; `null` when more input is needed for that. */
  private decodeMore(input: Input): Iterable<Out> | null {
    if (input.queue.byteLength > 0) return this.codec.decode(input.queue.shift(Infinity));
    if (!input.ended) return null;
    if (input.fault !== null) throw input.fault;
    this.isOver = true;
    // When it was us who closed, the peer is not to blame for a message cut short.
    return input.cause === null ? this.codec.end() : [];
  }
}
