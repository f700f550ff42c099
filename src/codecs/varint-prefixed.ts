import { asBuffer, gather, ownBytes } from './bytes.js';
import { assertCount } from './checks.js';
import type { Codec, LimitOptions } from './codec.js';
import { LocalProtocolError } from './errors.js';
import { HeadedDecoder } from './headed-decoder.js';

const NAME = 'varintPrefixed';
/** 32 bits in groups of 7, as in Protocol Buffers' delimited messages. */
const MOST_VARINT_BYTES = 5;

class VarintPrefixedCodec extends HeadedDecoder<Buffer> implements Codec<Uint8Array, Buffer> {
  readonly #limit: number;
  #headerBytes = 0;

  constructor({ limit }: LimitOptions) {
    super(NAME);
    assertCount(NAME, 'limit', limit, 0, 2 ** 32 - 1);
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
    const prefix: number[] = [];
    let rest = payload.length;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) prefix.push((rest % 128) + 0x80);
    prefix.push(rest);
    return gather([Buffer.from(prefix), payload]);
  }

  protected measure(bytes: Buffer, from: number, to: number): number {
    let value = 0;
    let weight = 1;
    for (let count = 0; count < MOST_VARINT_BYTES; count++) {
      if (from + count === to) return -(count + 1);
      const byte = bytes[from + count]!;
      value += (byte & 0x7f) * weight;
      weight *= 128;
      if (value > this.#limit) {
        throw this.tooLong(
          this.frameOffset + count,
          `the length is above the ${this.#limit} bytes allowed`,
        );
      }
      if (byte < 0x80) {
        this.#headerBytes = count + 1;
        return count + 1 + value;
      }
    }
    throw this.fault(
      this.frameOffset + MOST_VARINT_BYTES - 1,
      `a length has at most ${MOST_VARINT_BYTES} bytes; this one goes on`,
    );
  }

  protected unwrap(bytes: Buffer, from: number, to: number): Buffer {
    return ownBytes(bytes, from + this.#headerBytes, to);
  }
}

/**
 * Messages preceded by their length as a base-128 varint, least significant group first, at
 * most 32 bits: Protocol Buffers' delimited format. `limit` counts the message
 * without its prefix, at most 2^32 - 1.
 */
export function varintPrefixed(options: LimitOptions): Codec<Uint8Array, Buffer> {
  return new VarintPrefixedCodec(options);
}
