import { assertCount } from './checks.js';
import type { Codec, LimitOptions } from './codec.js';
import { LocalProtocolError, type RemoteProtocolError } from './errors.js';
import { HeadedDecoder } from './headed-decoder.js';
import { HeaderFault, type ProxyHeader } from './proxy-header.js';
import { formatV1, longestV1Bytes, parseV1 } from './proxy-v1.js';
import { formatV2, parseV2, parseV2Head, v2HeadBytes, v2Signature } from './proxy-v2.js';

const NAME = 'proxyProtocol';
const V1_SIGNATURE = Buffer.from('PROXY ');
const LF = 0x0a;

class ProxyProtocolCodec
  extends HeadedDecoder<ProxyHeader | Buffer>
  implements Codec<ProxyHeader | Uint8Array, ProxyHeader | Buffer>
{
  readonly #limit: number;
  #received = false;
  #sent = false;

  constructor({ limit }: LimitOptions) {
    super(NAME);
    assertCount(NAME, 'limit', limit, v2HeadBytes);
    this.#limit = limit;
  }

  encode(message: ProxyHeader | Uint8Array): Uint8Array[] {
    if (message instanceof Uint8Array) {
      this.#sent = true;
      return [message];
    }
    if (this.#sent) throw new LocalProtocolError(NAME, 'a header can only be sent first');
    const bytes = message.version === 1 ? formatV1(NAME, message) : formatV2(NAME, message);
    if (bytes.length > this.#limit) {
      throw new LocalProtocolError(
        NAME,
        `a header has at most ${this.#limit} bytes (limit); this one has ${bytes.length}`,
      );
    }
    this.#sent = true;
    return [bytes];
  }

  protected measure(bytes: Buffer, from: number, to: number): number {
    if (this.#received) return to - from;
    if (bytes[from] === v2Signature[0]) return this.#measureV2(bytes.subarray(from, to));
    return this.#measureV1(bytes.subarray(from, to));
  }

  protected unwrap(bytes: Buffer, from: number, to: number): ProxyHeader | Buffer {
    const frame = bytes.subarray(from, to);
    if (this.#received) return frame;
    this.#received = true;
    return this.#reading(() =>
      frame[0] === v2Signature[0] ? parseV2(frame) : parseV1(frame.toString('latin1')),
    );
  }

  protected override finish(messages: (ProxyHeader | Buffer)[]): void {
    if (!this.#received && this.bufferedBytes === 0) {
      throw this.truncated('the input ended before a PROXY header');
    }
    super.finish(messages);
  }

  #measureV1(bytes: Buffer): number {
    this.#checkSignature(bytes, V1_SIGNATURE);
    const longest = Math.min(longestV1Bytes, this.#limit);
    const lf = bytes.indexOf(LF);
    const length = lf === -1 ? bytes.length + 1 : lf + 1;
    if (length > longest) throw this.#tooLong(longest, longest);
    return lf === -1 ? -length : length;
  }

  #measureV2(bytes: Buffer): number {
    this.#checkSignature(bytes, v2Signature);
    // One at a time, so that a wrong byte is found when it comes, however the stream is cut.
    if (bytes.length < v2Signature.length) return -(bytes.length + 1);
    if (bytes.length < v2HeadBytes) return -v2HeadBytes;
    const { length } = this.#reading(() => parseV2Head(bytes));
    if (length > this.#limit) throw this.#tooLong(14, this.#limit);
    return length;
  }

  #checkSignature(bytes: Buffer, signature: Buffer): void {
    const length = Math.min(bytes.length, signature.length);
    for (let at = 0; at < length; at++) {
      if (bytes[at] !== signature[at]) {
        throw this.fault(
          this.frameOffset + at,
          `byte 0x${bytes[at]!.toString(16)} where a PROXY header has 0x${signature[at]!.toString(16)}`,
        );
      }
    }
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof HeaderFault)) throw error;
      throw this.fault(this.frameOffset + error.at, error.message);
    }
  }

  #tooLong(at: number, longest: number): RemoteProtocolError {
    return this.tooLong(
      this.frameOffset + at,
      `a header is longer than the ${longest} bytes allowed`,
    );
  }
}

/**
 * The PROXY protocol, versions 1 and 2, in front of another protocol. The first message decoded is
 * a {@link ProxyHeader}; all later ones are the bytes that follow, as they come (views
 * of the chunks). A client encodes a header first and its bytes then; a server only bytes, if it
 * encodes at all.
 *
 * A header is required: to guess whether one is there would let every client claim an
 * address. A wrong checksum is an error.
 *
 * `limit` counts the header, at least 16; a version 1 header has at most 107 bytes anyway, one of
 * version 2 mostly below 536.
 */
export function proxyProtocol(
  options: LimitOptions,
): Codec<ProxyHeader | Uint8Array, ProxyHeader | Buffer> {
  return new ProxyProtocolCodec(options);
}
