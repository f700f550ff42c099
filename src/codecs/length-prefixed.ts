import { asBuffer, gather, ownBytes } from './bytes.js';
import { assertCount, assertOneOf } from './checks.js';
import type { Codec, LimitOptions } from './codec.js';
import { LocalProtocolError } from './errors.js';
import { HeadedDecoder } from './headed-decoder.js';

/**
 * Where the length is in a frame and what it counts. The whole frame is
 * `offset + lengthBytes + adjustment + the value of the length field` bytes long.
 */
export interface LengthPrefixedOptions extends LimitOptions {
  /** The largest whole frame in bytes, header included, before `strip`. */
  limit: number;
  /** Size of the length field. Default 4. */
  lengthBytes?: 1 | 2 | 3 | 4 | 8;
  /** Byte order of the length field. Default `big`. */
  endian?: 'big' | 'little';
  /** How many bytes precede the length field. Default 0. */
  offset?: number;
  /**
   * What to add to the length field to get the number of bytes after it: positive when more
   * header follows that is not counted, negative when the count includes header. Default 0.
   */
  adjustment?: number;
  /** The length counts the whole frame; short for `adjustment: -(offset + lengthBytes)`. Default false. */
  inclusive?: boolean;
  /** How many bytes to take off the front of a frame; 0 leaves the header on. Default: up to the end of the length field. */
  strip?: number;
}

const NAME = 'lengthPrefixed';

class LengthPrefixedCodec extends HeadedDecoder<Buffer> implements Codec<Uint8Array, Buffer> {
  readonly #limit: number;
  readonly #lengthBytes: number;
  readonly #big: boolean;
  readonly #offset: number;
  readonly #headerBytes: number;
  readonly #adjustment: number;
  readonly #strip: number;

  constructor(options: LengthPrefixedOptions) {
    super(NAME);
    const { limit, lengthBytes = 4, endian = 'big', offset = 0, inclusive = false } = options;
    assertOneOf(NAME, 'lengthBytes', lengthBytes, [1, 2, 3, 4, 8]);
    assertOneOf(NAME, 'endian', endian, ['big', 'little']);
    assertCount(NAME, 'offset', offset, 0);
    const headerBytes = offset + lengthBytes;
    assertCount(NAME, 'limit', limit, headerBytes);
    if (inclusive && options.adjustment !== undefined) {
      throw new TypeError(`${NAME}: inclusive sets the adjustment; give one of the two`);
    }
    const adjustment = inclusive ? -headerBytes : (options.adjustment ?? 0);
    assertCount(NAME, 'adjustment', adjustment, -Number.MAX_SAFE_INTEGER);
    const strip = options.strip ?? headerBytes;
    assertCount(NAME, 'strip', strip, 0, limit);
    this.#limit = limit;
    this.#lengthBytes = lengthBytes;
    this.#big = endian === 'big';
    this.#offset = offset;
    this.#headerBytes = headerBytes;
    this.#adjustment = adjustment;
    this.#strip = strip;
  }

  encode(message: Uint8Array): Uint8Array[] {
    const payload = asBuffer(message);
    if (this.#strip === 0) return [this.#withLength(payload)];
    if (this.#offset > 0 || this.#strip !== this.#lengthBytes) {
      throw new LocalProtocolError(
        NAME,
        `strip: ${this.#strip} takes off bytes that encode() cannot invent; it can write the length ` +
          'when offset is 0 and strip is lengthBytes, or fill it in when strip is 0',
      );
    }
    const prefix = Buffer.allocUnsafe(this.#lengthBytes);
    this.#writeLength(prefix, this.#lengthBytes + payload.length);
    return gather([prefix, payload]);
  }

  protected measure(bytes: Buffer, from: number, to: number): number {
    const headerBytes = this.#headerBytes;
    if (to - from < headerBytes) return -headerBytes;
    const value = this.#readLength(bytes, from + this.#offset);
    const length = headerBytes + this.#adjustment + value;
    const at = this.frameOffset + this.#offset;
    if (length > this.#limit) {
      throw this.tooLong(
        at,
        `a length of ${value} makes a frame above the ${this.#limit} bytes allowed`,
      );
    }
    if (length < headerBytes) {
      throw this.fault(
        at,
        `a length of ${value} makes a frame shorter than its ${headerBytes} bytes of header`,
      );
    }
    if (length < this.#strip) {
      throw this.fault(
        at,
        `a length of ${value} makes a frame shorter than the ${this.#strip} bytes to strip`,
      );
    }
    return length;
  }

  protected unwrap(bytes: Buffer, from: number, to: number): Buffer {
    return ownBytes(bytes, from + this.#strip, to);
  }

  #readLength(bytes: Buffer, at: number): number {
    const size = this.#lengthBytes;
    if (size < 8) return this.#big ? bytes.readUIntBE(at, size) : bytes.readUIntLE(at, size);
    // Inexact above 2^53 - 1, where every value is above every limit anyway.
    return Number(this.#big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  }

  /** A copy of the whole frame with its length field filled in. */
  #withLength(frame: Buffer): Buffer {
    if (frame.length < this.#headerBytes) {
      throw new LocalProtocolError(
        NAME,
        `with strip: 0 a message is a whole frame, at least ${this.#headerBytes} bytes of header; got ${frame.length}`,
      );
    }
    const copy = Buffer.from(frame);
    this.#writeLength(copy, frame.length);
    return copy;
  }

  #writeLength(frame: Buffer, frameLength: number): void {
    const size = this.#lengthBytes;
    const value = frameLength - this.#headerBytes - this.#adjustment;
    const most = size === 8 ? Number.MAX_SAFE_INTEGER : 256 ** size - 1;
    if (frameLength > this.#limit || value < 0 || value > most) {
      throw new LocalProtocolError(
        NAME,
        `a frame of ${frameLength} bytes needs a length of ${value}; the limit of a frame is ` +
          `${this.#limit} bytes and a length goes from 0 to ${most}`,
      );
    }
    const at = this.#offset;
    if (size < 8) {
      if (this.#big) frame.writeUIntBE(value, at, size);
      else frame.writeUIntLE(value, at, size);
    } else if (this.#big) frame.writeBigUInt64BE(BigInt(value), at);
    else frame.writeBigUInt64LE(BigInt(value), at);
  }
}

/**
 * Frames with a binary length field at or near their front. Decodes to frames without
 * what `strip` takes off. Encodes payloads where the length field is all that is stripped, and whole
 * frames (their length filled in, in a copy) where nothing is.
 *
 * @throws TypeError or RangeError for options that do not fit together
 */
export function lengthPrefixed(options: LengthPrefixedOptions): Codec<Uint8Array, Buffer> {
  return new LengthPrefixedCodec(options);
}
