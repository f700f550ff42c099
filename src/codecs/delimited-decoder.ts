import { Accumulator } from './accumulator.js';
import { StreamDecoder } from './stream-decoder.js';

/**
 * Decodes messages that end with a delimiter. A message that lies whole in a chunk is not
 * copied here; of one that does not, every byte is searched once.
 */
export abstract class DelimitedDecoder<Out> extends StreamDecoder<Out> {
  protected readonly limit: number;
  readonly #delimiter: Buffer;
  /** The delimiter when it is a single byte, which indexOf finds five times faster; else -1. */
  readonly #singleByte: number;
  readonly #slack: number;
  readonly #partial = new Accumulator();

  /**
   * @param limit most bytes of a message without its delimiter
   * @param slack how many more bytes may come before the delimiter that `unwrap` does not count
   */
  constructor(codec: string, delimiter: Buffer, limit: number, slack: number) {
    super(codec);
    this.#delimiter = delimiter;
    this.#singleByte = delimiter.length === 1 ? delimiter[0]! : -1;
    this.limit = limit;
    this.#slack = slack;
  }

  get bufferedBytes(): number {
    return this.#partial.length;
  }

  /**
   * The message in the bytes from `from` to `to`, delimiter excluded.
   *
   * @param offset where `from` is in the stream
   */
  protected abstract unwrap(bytes: Buffer, from: number, to: number, offset: number): Out;

  /** The message in bytes that the end of input left without a delimiter; at least one byte. */
  protected abstract unwrapLast(bytes: Buffer, offset: number): Out;

  protected scan(bytes: Buffer, messages: Out[]): void {
    let position = this.#partial.length === 0 ? 0 : this.#complete(bytes, messages);
    const width = this.#delimiter.length;
    while (position < bytes.length) {
      const found = this.#find(bytes, position);
      const offset = this.chunkOffset + position;
      if (found === -1) {
        this.#keep(bytes, position, offset);
        return;
      }
      this.#checkLength(found - position, offset);
      messages.push(this.unwrap(bytes, position, found, offset));
      position = found + width;
    }
  }

  protected finish(messages: Out[]): void {
    if (this.#partial.length === 0) return;
    const rest = this.#partial.take();
    messages.push(this.unwrapLast(rest, this.chunkOffset - rest.length));
  }

  /** The error of a message that is longer than the limit. */
  protected overLimit(offset: number): Error {
    return this.tooLong(
      offset + this.limit,
      `a message is longer than the ${this.limit} bytes allowed`,
    );
  }

  /** Goes on with the partial message; returns how much of the chunk it took. */
  #complete(bytes: Buffer, messages: Out[]): number {
    const partial = this.#partial;
    const offset = this.chunkOffset - partial.length;
    const end = this.#findEnd(bytes);
    if (end === -1) {
      this.#keep(bytes, 0, offset);
      return bytes.length;
    }
    const contentEnd = end - this.#delimiter.length;
    const length = partial.length + contentEnd;
    this.#checkLength(length, offset);
    if (contentEnd > 0) partial.append(bytes, 0, contentEnd);
    messages.push(this.unwrap(partial.take(), 0, length, offset));
    return end;
  }

  /** Where in the chunk the first delimiter ends that ends in it, or -1; it may begin in the partial message. */
  #findEnd(bytes: Buffer): number {
    const width = this.#delimiter.length;
    if (width > 1) {
      const tail = this.#partial.bytes.subarray(1 - width);
      const seam = Buffer.concat([tail, bytes.subarray(0, width - 1)]);
      const found = this.#find(seam, 0);
      if (found !== -1) return found + width - tail.length;
    }
    const found = this.#find(bytes, 0);
    return found === -1 ? -1 : found + width;
  }

  #find(bytes: Buffer, from: number): number {
    if (this.#singleByte !== -1) return bytes.indexOf(this.#singleByte, from);
    return bytes.indexOf(this.#delimiter, from);
  }

  #checkLength(length: number, offset: number): void {
    if (length > this.limit + this.#slack) throw this.overLimit(offset);
  }

  /** Keeps the chunk from `from` on for later, unless the message is too long by now. */
  #keep(bytes: Buffer, from: number, offset: number): void {
    const held = this.#partial.length + bytes.length - from;
    // The delimiter may begin at the last allowed byte, and all of it but one byte be there.
    if (held >= this.limit + this.#slack + this.#delimiter.length) throw this.overLimit(offset);
    this.#partial.append(bytes, from, bytes.length);
  }
}
