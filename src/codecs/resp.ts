import { assertCount, assertOneOf } from './checks.js';
import type { Codec, LimitOptions } from './codec.js';
import { RespDecoder } from './resp-decoder.js';
import { RespEncoder } from './resp-encoder.js';
import type { RespEncoding, RespInput, RespValue } from './resp-values.js';

/** How to speak RESP. */
export interface RespOptions extends LimitOptions {
  /** The largest top-level message accepted, all its bytes counted. Bounds what is decoded, not what is encoded. */
  limit: number;
  /**
   * What bulk strings become, and how strings are written. `bytes`: Buffers, strings written as UTF-8.
   * `utf8`: strings, and other bytes are an error. `latin1`: strings with one character a byte,
   * which keeps any bytes and is the fastest. Default `bytes`.
   */
  encoding?: RespEncoding;
  /** What `encode` writes until `version` is changed: 2, as every connection begins, or 3. Both are decoded. Default 2. */
  version?: 2 | 3;
}

const NAME = 'resp';

/** The codec of the Redis protocol. */
export class RespCodec extends RespDecoder implements Codec<RespInput, RespValue> {
  readonly #encoder: RespEncoder;

  /** See {@link resp}. */
  constructor({ limit, encoding = 'bytes', version = 2 }: RespOptions) {
    assertCount(NAME, 'limit', limit, 3);
    assertOneOf(NAME, 'encoding', encoding, ['bytes', 'utf8', 'latin1']);
    assertOneOf(NAME, 'version', version, [2, 3]);
    super(NAME, limit, encoding);
    this.#encoder = new RespEncoder(NAME, version, encoding);
  }

  /** What `encode` writes. A server sets it to 3 when the client says `HELLO 3`. */
  get version(): 2 | 3 {
    return this.#encoder.version;
  }

  set version(version: 2 | 3) {
    assertOneOf(NAME, 'version', version, [2, 3]);
    this.#encoder.version = version;
  }

  encode(message: RespInput): Uint8Array[] {
    return this.#encoder.encode(message);
  }
}

/**
 * The Redis serialization protocol, RESP2 and RESP3, for servers and clients. Decodes every type
 * but the streamed strings and aggregates (`$?`, `*?`), which no Redis sends; these
 * and inline commands (`PING\r\n`) are errors. Aggregates may be nested 128 deep.
 */
export function resp(options: RespOptions): RespCodec {
  return new RespCodec(options);
}
