import { asBuffer, gather, ownBytes } from './bytes.js';
import { assertCount } from './checks.js';
import type { Codec, LimitOptions } from './codec.js';
import { DelimitedDecoder } from './delimited-decoder.js';
import { LocalProtocolError } from './errors.js';

/** How messages are separated. */
export interface DelimitedOptions extends LimitOptions {
  /** The largest message in bytes, its delimiter not counted. */
  limit: number;
  /** What ends every message: bytes, or a string as UTF-8. 1 to 64 bytes, never found in a message. */
  delimiter: Uint8Array | string;
}

const NAME = 'delimited';
/** A seam of this size is searched again with every chunk. */
const LONGEST_DELIMITER_BYTES = 64;

class DelimitedCodec extends DelimitedDecoder<Buffer> implements Codec<Uint8Array, Buffer> {
  readonly #delimiter: Buffer;

  constructor({ limit, delimiter }: DelimitedOptions) {
    assertCount(NAME, 'limit', limit, 0);
    const bytes = Buffer.from(delimiter as Uint8Array);
    assertCount(NAME, 'delimiter length', bytes.length, 1, LONGEST_DELIMITER_BYTES);
    super(NAME, bytes, limit, 0);
    this.#delimiter = bytes;
  }

  encode(message: Uint8Array): Uint8Array[] {
    const payload = asBuffer(message);
    if (payload.length > this.limit) {
      throw new LocalProtocolError(
        NAME,
        `a message has at most ${this.limit} bytes (limit); this one has ${payload.length}`,
      );
    }
    this.#checkUnambiguous(payload);
    return gather([payload, this.#delimiter]);
  }

  protected unwrap(bytes: Buffer, from: number, to: number): Buffer {
    return ownBytes(bytes, from, to);
  }

  protected unwrapLast(bytes: Buffer): Buffer {
    throw this.truncated(
      `the input ended ${bytes.length} bytes into a message, before its delimiter`,
    );
  }

  /** The first delimiter in what is sent must be ours: it can also begin in the message and end in the delimiter. */
  #checkUnambiguous(payload: Buffer): void {
    const delimiter = this.#delimiter;
    const tail = payload.subarray(Math.max(0, payload.length - delimiter.length + 1));
    const early =
      payload.includes(delimiter) ||
      Buffer.concat([tail, delimiter]).indexOf(delimiter) !== tail.length;
    if (early) {
      throw new LocalProtocolError(
        NAME,
        `the message contains or completes the delimiter 0x${delimiter.toString('hex')}; the peer would cut it there`,
      );
    }
  }
}

/**
 * Messages that each end with the same bytes. An end of input inside a message is an error.
 *
 * @throws RangeError for an empty delimiter or one above 64 bytes
 */
export function delimited(options: DelimitedOptions): Codec<Uint8Array, Buffer> {
  return new DelimitedCodec(options);
}
