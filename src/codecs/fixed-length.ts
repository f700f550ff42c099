import { asBuffer, ownBytes } from './bytes.js';
import { assertCount } from './checks.js';
import type { Codec } from './codec.js';
import { LocalProtocolError } from './errors.js';
import { HeadedDecoder } from './headed-decoder.js';

const NAME = 'fixedLength';

class FixedLengthCodec extends HeadedDecoder<Buffer> implements Codec<Uint8Array, Buffer> {
  readonly #length: number;

  constructor(length: number) {
    super(NAME);
    assertCount(NAME, 'length', length, 1);
    this.#length = length;
  }

  encode(message: Uint8Array): Uint8Array[] {
    const { length } = asBuffer(message);
    if (length !== this.#length) {
      throw new LocalProtocolError(
        NAME,
        `every message has ${this.#length} bytes; this one has ${length}`,
      );
    }
    return [message];
  }

  protected measure(): number {
    return this.#length;
  }

  protected unwrap(bytes: Buffer, from: number, to: number): Buffer {
    return ownBytes(bytes, from, to);
  }
}

/**
 * Messages that all have the same length, with nothing between them.
 *
 * @param length in bytes, at least 1; the limit of this codec
 */
export function fixedLength(length: number): Codec<Uint8Array, Buffer> {
  return new FixedLengthCodec(length);
}
