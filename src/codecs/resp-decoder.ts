import { Accumulator } from './accumulator.js';
import { decodeUtf8, ownBytes } from './bytes.js';
import type { RemoteProtocolError } from './errors.js';
import { itemCount, OpenAggregate } from './resp-aggregate.js';
import { parseBigNumber, parseDouble, parseInteger } from './resp-numbers.js';
import {
  deepestNesting,
  type RespEncoding,
  RespError,
  RespType,
  type RespValue,
  RespVerbatim,
} from './resp-values.js';
import { StreamDecoder } from './stream-decoder.js';

const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
const MINUS = 0x2d;
/** A count of so few digits is read without looking for the end of its line first. */
const FAST_DIGITS = 9;
/** No value is shorter: `_\r\n`. What an aggregate announces must fit the limit at this size. */
const SHORTEST_VALUE_BYTES = 3;
const INCOMPLETE = -1;
const NULL_COUNT = -1;

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(RespType));

/**
 * Decodes RESP token by token: a line, or a bulk string with its header. Aggregates that are
 * not complete wait on a stack of their own, so that no byte is parsed twice and depth costs no
 * call stack. Only a token that chunks cut up is copied together.
 */
export class RespDecoder extends StreamDecoder<RespValue> {
  readonly #limit: number;
  readonly #encoding: RespEncoding;
  readonly #partial = new Accumulator();
  /** The whole length of the partial token where that is known (a bulk string), else 0. */
  #needed = 0;
  /** The innermost aggregate that misses items. */
  #open: OpenAggregate | null = null;
  /** The count in the header that was read last. */
  #count = 0;
  /** Where the current top-level message begins in the stream. */
  #messageOffset = 0;
  /** Where index 0 of the bytes being parsed is in the stream. */
  #base = 0;

  constructor(codec: string, limit: number, encoding: RespEncoding) {
    super(codec);
    this.#limit = limit;
    this.#encoding = encoding;
  }

  get bufferedBytes(): number {
    return this.#partial.length;
  }

  protected scan(bytes: Buffer, messages: RespValue[]): void {
    const start = this.#partial.length === 0 ? 0 : this.#complete(bytes, messages);
    this.#base = this.chunkOffset;
    const rest = this.#parse(bytes, start, messages);
    if (rest < bytes.length) this.#keep(bytes, rest, bytes.length);
  }

  protected finish(): void {
    const held = this.chunkOffset - this.#messageOffset;
    if (held > 0) throw this.truncated(`the input ended ${held} bytes into a message`);
  }

  /** Goes on with the partial token; returns how much of the chunk it took. */
  #complete(bytes: Buffer, messages: RespValue[]): number {
    const partial = this.#partial;
    this.#base = this.chunkOffset - partial.length;
    let position = 0;
    for (;;) {
      const end = this.#needed > 0 ? position + this.#needed - partial.length : lineEnd(bytes);
      this.#keep(bytes, position, Math.min(end, bytes.length));
      if (end > bytes.length) {
        if (this.#needed === 0) this.#checkLimit(partial.length + 1);
        return bytes.length;
      }
      position = end;
      if (this.#parse(partial.bytes, 0, messages) > 0) {
        partial.take();
        return position;
      }
    }
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    this.#partial.append(bytes, from, to, this.#needed > 0 ? this.#needed : undefined);
  }

  /** Parses tokens from `from` on; returns where the first incomplete one begins. */
  #parse(bytes: Buffer, from: number, messages: RespValue[]): number {
    let position = from;
    while (position < bytes.length) {
      const next = this.#parseToken(bytes, position, messages);
      if (next === INCOMPLETE) return position;
      position = next;
    }
    return position;
  }

  /** Parses the token at `at`; returns where the next one begins. */
  #parseToken(bytes: Buffer, at: number, messages: RespValue[]): number {
    const type = bytes[at]!;
    let body =
      type === RespType.bulk || type === RespType.array
        ? this.#readShortCount(bytes, at)
        : INCOMPLETE;
    if (body === INCOMPLETE) {
      const cr = this.#findLineEnd(bytes, at);
      if (cr === INCOMPLETE) return INCOMPLETE;
      body = cr + 2;
      if (!hasCount(type))
        return this.#place(this.#readLine(type, bytes, at + 1, cr), body, messages);
      this.#count = this.#readCount(type, bytes, at + 1, cr);
      if (this.#count === NULL_COUNT) return this.#place(null, body, messages);
    }
    const items = itemCount(type, this.#count);
    if (items >= 0) return this.#openAggregate(type, items, at, body, messages);
    const cr = body + this.#count;
    this.#checkLimit(cr + 2);
    if (cr + 2 > bytes.length) {
      this.#needed = cr + 2 - at;
      return INCOMPLETE;
    }
    if (bytes[cr] !== CR || bytes[cr + 1] !== LF) throw this.#missingLineEnd(bytes, cr);
    return this.#place(this.#readBulk(type, bytes, body, cr), cr + 2, messages);
  }

  /** A count of few digits and its CRLF, the usual header: returns where the body begins, or INCOMPLETE for anything else. */
  #readShortCount(bytes: Buffer, at: number): number {
    const stop = Math.min(at + 1 + FAST_DIGITS, bytes.length - 1);
    let position = at + 1;
    let count = 0;
    for (; position < stop; position++) {
      const digit = bytes[position]! - ZERO;
      if (digit < 0 || digit > 9) break;
      count = count * 10 + digit;
    }
    if (position === at + 1 || position >= bytes.length - 1) return INCOMPLETE;
    if (bytes[position] !== CR || bytes[position + 1] !== LF) return INCOMPLETE;
    this.#count = count;
    return position + 2;
  }

  /** Where the CR of the line at `at` is. Checks the type, the line's form and the limit. */
  #findLineEnd(bytes: Buffer, at: number): number {
    const type = bytes[at]!;
    if (!KNOWN_TYPES.has(type))
      throw this.#fault(at, `byte 0x${type.toString(16)} begins no RESP type`);
    const lf = bytes.indexOf(LF, at + 1);
    this.#checkLimit(lf === -1 ? bytes.length + 1 : lf + 1);
    if (lf === -1) {
      this.#needed = 0;
      return INCOMPLETE;
    }
    const cr = bytes.indexOf(CR, at + 1);
    if (cr === lf - 1) return cr;
    if (cr !== -1 && cr < lf) throw this.#fault(cr, 'a CR without LF inside a line');
    throw this.#fault(lf, 'an LF without CR before it; lines end with CRLF');
  }

  #readCount(type: number, bytes: Buffer, from: number, to: number): number {
    if (bytes[from] === MINUS && to === from + 2 && bytes[from + 1] === ZERO + 1) {
      if (type === RespType.bulk || type === RespType.array) return NULL_COUNT;
    }
    if (bytes[from] === 0x3f && to === from + 1) {
      throw this.#fault(from, 'streamed strings and aggregates are not supported');
    }
    let count = 0;
    for (let at = from; at < to; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) throw this.#fault(at, 'a length or count must be decimal digits');
      count = count * 10 + digit;
    }
    if (from === to) throw this.#fault(from, 'a length or count is missing');
    return count;
  }

  /** The value of a type that is one line. */
  #readLine(type: number, bytes: Buffer, from: number, to: number): RespValue {
    if (type === RespType.simple) return this.#readText(bytes, from, to);
    if (type === RespType.error) return new RespError(this.#readText(bytes, from, to));
    const text = bytes.toString('latin1', from, to);
    switch (type) {
      case RespType.null:
        if (text === '') return null;
        throw this.#fault(from, 'a null has no content');
      case RespType.boolean:
        if (text === 't' || text === 'f') return text === 't';
        throw this.#fault(from, 'a boolean is t or f');
      case RespType.double:
        return parseDouble(text) ?? this.#refuse(from, 'not a double');
      case RespType.bigNumber:
        return (
          parseBigNumber(text) ?? this.#refuse(from, 'not an integer of at most 65,536 digits')
        );
      default:
        return parseInteger(text) ?? this.#refuse(from, 'not a 64-bit integer');
    }
  }

  /** The value of a type that is a counted string. */
  #readBulk(type: number, bytes: Buffer, from: number, to: number): RespValue {
    if (type === RespType.bulk) {
      return this.#encoding === 'bytes'
        ? ownBytes(bytes, from, to)
        : this.#readText(bytes, from, to);
    }
    if (type === RespType.bulkError) return new RespError(this.#readText(bytes, from, to));
    const format = bytes.toString('latin1', from, Math.min(from + 4, to));
    if (!/^[\x20-\x7e]{3}:$/.test(format)) {
      throw this.#fault(from, "a verbatim string begins with three characters and ':'");
    }
    return new RespVerbatim(format.slice(0, 3), this.#readText(bytes, from + 4, to));
  }

  #readText(bytes: Buffer, from: number, to: number): string {
    if (this.#encoding === 'latin1') return bytes.toString('latin1', from, to);
    const text = decodeUtf8(bytes, from, to);
    return typeof text === 'string' ? text : this.#refuse(text, 'the text is not UTF-8');
  }

  /** Begins an aggregate, or places it when it is empty; returns where its items begin. */
  #openAggregate(
    type: number,
    items: number,
    at: number,
    body: number,
    messages: RespValue[],
  ): number {
    this.#checkLimit(body + items * SHORTEST_VALUE_BYTES);
    const aggregate = new OpenAggregate(this.#open, type, items);
    if (aggregate.depth > deepestNesting) {
      throw this.#fault(at, `aggregates are nested deeper than ${deepestNesting}`);
    }
    if (type === RespType.push && this.#open !== null) {
      throw this.#fault(at, 'a push message inside another message');
    }
    if (items === 0) return this.#place(aggregate.close(), body, messages);
    this.#open = aggregate;
    return body;
  }

  /** Puts a value where it belongs, which may complete aggregates and the message; returns `end`, where it ended. */
  #place(complete: RespValue, end: number, messages: RespValue[]): number {
    let value = complete;
    for (let open = this.#open; open !== null; open = open.parent) {
      open.items.push(value);
      open.missing--;
      if (open.missing > 0) {
        this.#open = open;
        return end;
      }
      value = open.close();
    }
    this.#open = null;
    messages.push(value);
    this.#messageOffset = this.#base + end;
    return end;
  }

  /** Throws when the message reaches up to index `end` and that is too far. */
  #checkLimit(end: number): void {
    if (this.#base + end - this.#messageOffset > this.#limit) {
      throw this.tooLong(
        this.#messageOffset + this.#limit,
        `a message is larger than the ${this.#limit} bytes allowed`,
      );
    }
  }

  #fault(index: number, fault: string): RemoteProtocolError {
    return this.fault(this.#base + index, fault);
  }

  #refuse(index: number, fault: string): never {
    throw this.#fault(index, fault);
  }

  #missingLineEnd(bytes: Buffer, cr: number): RemoteProtocolError {
    const at = bytes[cr] === CR ? cr + 1 : cr;
    return this.#fault(at, 'a string is not followed by CRLF where its length says');
  }
}

function hasCount(type: number): boolean {
  return (
    type === RespType.bulkError ||
    type === RespType.verbatim ||
    type === RespType.bulk ||
    itemCount(type, 0) >= 0
  );
}

/** Just behind the first LF, or beyond the end. */
function lineEnd(bytes: Buffer): number {
  const lf = bytes.indexOf(LF);
  return lf === -1 ? bytes.length + 1 : lf + 1;
}
