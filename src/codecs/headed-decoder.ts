import { Accumulator } from './accumulator.js';
import { StreamDecoder } from './stream-decoder.js';

/**
 * Decodes frames that say at their front how long they are. A subclass reads the header;
 * this class finds the frames, whole in a chunk or cut up by chunks. A frame that lies whole
 * in a chunk is not copied here, and of one that does not only its own bytes are.
 */
export abstract class HeadedDecoder<Out> extends StreamDecoder<Out> {
  /** Where the frame now measured or unwrapped begins in the stream. */
  protected frameOffset = 0;
  readonly #partial = new Accumulator();
  /** How long `#partial` must be before there is something to do. */
  #needed = 0;
  #measured = false;

  get bufferedBytes(): number {
    return this.#partial.length;
  }

  /**
   * The length in bytes of the frame that begins at `from`, header included, at least 1. While
   * the bytes before `to` do not tell, minus the number of header bytes that are needed to go on.
   *
   * @throws RemoteProtocolError
   */
  protected abstract measure(bytes: Buffer, from: number, to: number): number;

  /** The message in the whole frame that lies in `bytes` from `from` to `to`. */
  protected abstract unwrap(bytes: Buffer, from: number, to: number): Out;

  protected scan(bytes: Buffer, messages: Out[]): void {
    let position = this.#partial.length === 0 ? 0 : this.#complete(bytes, messages);
    while (position < bytes.length) {
      this.frameOffset = this.chunkOffset + position;
      const length = this.measure(bytes, position, bytes.length);
      if (length < 0 || length > bytes.length - position) {
        this.#measured = length > 0;
        this.#needed = Math.abs(length);
        this.#partial.append(bytes, position, bytes.length, this.#needed);
        return;
      }
      messages.push(this.unwrap(bytes, position, position + length));
      position += length;
    }
  }

  protected finish(_messages: Out[]): void {
    const held = this.#partial.length;
    if (held === 0) return;
    const wanted = this.#measured ? `${this.#needed} bytes` : 'its header';
    throw this.truncated(`the input ended ${held} bytes into a message, before all of ${wanted}`);
  }

  /** Goes on with the partial frame; returns how much of the chunk it took. */
  #complete(bytes: Buffer, messages: Out[]): number {
    const partial = this.#partial;
    let position = 0;
    for (;;) {
      const step = Math.min(this.#needed - partial.length, bytes.length - position);
      partial.append(bytes, position, position + step, this.#needed);
      position += step;
      if (partial.length < this.#needed) return position;
      if (!this.#measured) {
        const length = this.measure(partial.bytes, 0, partial.length);
        this.#measured = length > 0;
        this.#needed = Math.abs(length);
      }
      if (this.#measured && partial.length === this.#needed) {
        const frame = partial.take();
        messages.push(this.unwrap(frame, 0, frame.length));
        return position;
      }
    }
  }
}
