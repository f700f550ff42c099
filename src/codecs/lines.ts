import { asBuffer, decodeUtf8, gather, isWellFormed, ownBytes } from './bytes.js';
import { assertCount, assertOneOf, describe } from './checks.js';
import type { Codec, LimitOptions } from './codec.js';
import { DelimitedDecoder } from './delimited-decoder.js';
import { LocalProtocolError } from './errors.js';

/** What a line is. */
export interface LineOptions extends LimitOptions {
  /** The longest line in bytes, its line end not counted. */
  limit: number;
  /** How `encode` ends lines, and how the peer must when `strict`. Default LF. */
  newline?: '\n' | '\r\n';
  /**
   * false: a line ends with LF or CRLF, whichever the peer likes, and the end of input ends the last one.
   * true: a line ends with exactly `newline`. With CRLF a CR or LF alone is an error, with LF a CR
   * is content, and an end of input inside a line is an error. Default false.
   */
  strict?: boolean;
  /** `utf8`: lines are strings, and bytes that are not UTF-8 are an error. `bytes`: lines are Buffers. Default `utf8`. */
  encoding?: 'utf8' | 'bytes';
}

const CR = 0x0d;
const LF = 0x0a;

/** What both kinds of lines share; `Line` is a string or a Buffer. */
export abstract class LineDecoder<Line> extends DelimitedDecoder<Line> {
  readonly #crlf: boolean;
  readonly #strict: boolean;
  readonly #newline: Buffer;

  constructor(codec: string, { limit, newline = '\n', strict = false }: LineOptions) {
    assertCount(codec, 'limit', limit, 0);
    assertOneOf(codec, 'newline', newline, ['\n', '\r\n']);
    const crlf = newline === '\r\n';
    super(codec, Buffer.of(LF), limit, strict && !crlf ? 0 : 1);
    this.#crlf = crlf;
    this.#strict = strict;
    this.#newline = Buffer.from(newline);
  }

  /** The line in the bytes from `from` to `to`, line end excluded. */
  protected abstract read(bytes: Buffer, from: number, to: number, offset: number): Line;

  protected unwrap(bytes: Buffer, from: number, to: number, offset: number): Line {
    let end = to;
    if (this.#crlf || !this.#strict) {
      if (to > from && bytes[to - 1] === CR) end = to - 1;
      if (end - from > this.limit) throw this.overLimit(offset);
      if (this.#strict) this.#checkStrict(bytes, from, end, to, offset);
    }
    return this.read(bytes, from, end, offset);
  }

  protected unwrapLast(bytes: Buffer, offset: number): Line {
    if (this.#strict) {
      throw this.truncated(`the input ended ${bytes.length} bytes into a line, before its end`);
    }
    return this.unwrap(bytes, 0, bytes.length, offset);
  }

  /** The line's bytes and its end. */
  protected terminate(line: Buffer): Uint8Array[] {
    if (line.length > this.limit) {
      throw new LocalProtocolError(
        this.codec,
        `a line has at most ${this.limit} bytes (limit); this one has ${line.length}`,
      );
    }
    const strictLf = this.#strict && !this.#crlf;
    const crIsTrouble = this.#strict
      ? this.#crlf && line.includes(CR)
      : line[line.length - 1] === CR;
    if (line.includes(LF) || (!strictLf && crIsTrouble)) {
      throw new LocalProtocolError(
        this.codec,
        'the line contains a line end of its own (LF, or a CR that this codec takes for part of one)',
      );
    }
    return gather([line, this.#newline]);
  }

  #checkStrict(bytes: Buffer, from: number, end: number, lf: number, offset: number): void {
    const cr = bytes.indexOf(CR, from);
    if (cr !== -1 && cr < end) {
      throw this.fault(offset + cr - from, 'a CR without LF inside a line; lines end with CRLF');
    }
    if (end === lf) {
      throw this.fault(offset + lf - from, 'an LF without CR before it; lines end with CRLF');
    }
  }
}

class TextLineCodec extends LineDecoder<string> implements Codec<string> {
  encode(message: string): Uint8Array[] {
    if (typeof message !== 'string' || !isWellFormed(message)) {
      throw new LocalProtocolError(
        this.codec,
        `a line must be a string without lone surrogates; got ${describe(message)}`,
      );
    }
    return this.terminate(Buffer.from(message));
  }

  protected read(bytes: Buffer, from: number, to: number, offset: number): string {
    const text = decodeUtf8(bytes, from, to);
    if (typeof text === 'number') {
      throw this.fault(offset + text - from, 'the line is not UTF-8');
    }
    return text;
  }
}

class ByteLineCodec extends LineDecoder<Buffer> implements Codec<Uint8Array, Buffer> {
  encode(message: Uint8Array): Uint8Array[] {
    return this.terminate(asBuffer(message));
  }

  protected read(bytes: Buffer, from: number, to: number): Buffer {
    return ownBytes(bytes, from, to);
  }
}

const NAME = 'lines';

/**
 * Lines of text, or of bytes with `encoding: 'bytes'`, without their line ends.
 *
 * @throws TypeError or RangeError for options that are not as described
 */
export function lines(options: LineOptions & { encoding: 'bytes' }): Codec<Uint8Array, Buffer>;
export function lines(options: LineOptions & { encoding?: 'utf8' }): Codec<string>;
export function lines(options: LineOptions): Codec<string> | Codec<Uint8Array, Buffer> {
  assertOneOf(NAME, 'encoding', options.encoding, ['utf8', 'bytes', undefined]);
  return options.encoding === 'bytes'
    ? new ByteLineCodec(NAME, options)
    : new TextLineCodec(NAME, options);
}
