import { asBuffer, gather, ownBytes } from './bytes.js';
import { assertCount } from './checks.js';
import type { Codec, LimitOptions } from './codec.js';
import { LocalProtocolError } from './errors.js';
import { HeadedDecoder } from './headed-decoder.js';

const NAME = 'netstrings';
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const COMMA = 0x2c;
const TRAILER = Buffer.from(',');

class NetstringCodec extends HeadedDecoder<Buffer> implements Codec<Uint8Array, Buffer> {
  readonly #limit: number;
  #headerBytes = 0;

  constructor({ limit }: LimitOptions) {
    super(NAME);
    assertCount(NAME, 'limit', limit, 0);
    this.#limit = limit;
  }

  encode(message: Uint8Array): Uint8Array[] {
    const payload = asBuffer(message);
    if (payload.length > this.#limit) {
      throw new LocalProtocolError(
        NAME,
        `a message has at most ${this.#limit} bytes (limit); this one has ${payload.length}`,
      );
    }
    return gather([Buffer.from(`${payload.length}:`), payload, TRAILER]);
  }

  protected measure(bytes: Buffer, from: number, to: number): number {
    let value = 0;
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      const count = at - from;
      if (byte === COLON && count > 0) {
        this.#headerBytes = count + 1;
        return count + 1 + value + TRAILER.length;
      }
      const offset = this.frameOffset + count;
      if (byte < ZERO || byte > NINE) {
        const wanted = count === 0 ? 'a digit of the length' : "a digit or ':'";
        throw this.fault(offset, `expected ${wanted}, got byte 0x${byte.toString(16)}`);
      }
      if (count > 0 && value === 0) throw this.fault(offset, 'a length has no leading zero');
      value = value * 10 + byte - ZERO;
      if (value > this.#limit) {
        throw this.tooLong(offset, `the length is above the ${this.#limit} bytes allowed`);
      }
    }
    return -(to - from + 1);
  }

  protected unwrap(bytes: Buffer, from: number, to: number): Buffer {
    const last = bytes[to - 1]!;
    if (last !== COMMA) {
      throw this.fault(
        this.frameOffset + to - from - 1,
        `expected ',' after the payload, got byte 0x${last.toString(16)}`,
      );
    }
    return ownBytes(bytes, from + this.#headerBytes, to - 1);
  }
}

/**
 * Netstrings (D. J. Bernstein, 1997): `5:hello,`. `limit` counts the payload alone. A length
 * with leading zeros is refused, as the format asks.
 */
export function netstrings(options: LimitOptions): Codec<Uint8Array, Buffer> {
  return new NetstringCodec(options);
}
