import { isWellFormed } from './bytes.js';
import { describe } from './checks.js';
import { ChunkWriter } from './chunk-writer.js';
import { LocalProtocolError } from './errors.js';
import { formatDouble, isInt64 } from './resp-numbers.js';
import {
  deepestNesting,
  RespAttributed,
  RespDouble,
  type RespEncoding,
  RespError,
  type RespInput,
  RespPush,
  RespSimple,
  RespVerbatim,
} from './resp-values.js';

const writer = new ChunkWriter();

/** Writes values in RESP3, or in what Redis uses in place of it for clients that speak RESP2. */
export class RespEncoder {
  /** The version in use. */
  version: 2 | 3;
  readonly #codec: string;
  readonly #latin1: boolean;

  constructor(codec: string, version: 2 | 3, encoding: RespEncoding) {
    this.#codec = codec;
    this.version = version;
    this.#latin1 = encoding === 'latin1';
  }

  encode(value: RespInput): Uint8Array[] {
    writer.begin();
    this.#write(value, 0);
    return writer.finish();
  }

  #write(value: RespInput, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#bulkText('$', value);
        return;
      case 'number':
        this.#number(value);
        return;
      case 'boolean':
        if (this.version === 3) writer.latin1(value ? '#t\r\n' : '#f\r\n');
        else writer.latin1(value ? ':1\r\n' : ':0\r\n');
        return;
      case 'bigint':
        this.#bigNumber(value);
        return;
      case 'object':
        if (value === null) writer.latin1(this.version === 3 ? '_\r\n' : '$-1\r\n');
        else this.#object(value, depth);
        return;
      default:
        throw this.#error(`RESP has no type for ${describe(value)}`);
    }
  }

  #object(value: RespInput & object, depth: number): void {
    if (value instanceof Uint8Array) this.#bulk('$', value);
    else if (value instanceof RespSimple) this.#line('+', value.text);
    else if (value instanceof RespError) this.#failure(value.message);
    else if (value instanceof RespDouble) this.#double(value.value);
    else if (value instanceof RespVerbatim) this.#verbatim(value);
    else this.#aggregate(value, depth + 1);
  }

  #aggregate(value: object, depth: number): void {
    if (depth > deepestNesting) {
      throw this.#error(
        `aggregates are nested deeper than ${deepestNesting}, or contain themselves`,
      );
    }
    if (Array.isArray(value)) this.#items('*', value, depth);
    else if (value instanceof Map) this.#map('%', value, depth);
    else if (value instanceof Set) this.#items(this.version === 3 ? '~' : '*', [...value], depth);
    else if (value instanceof RespPush) this.#push(value, depth);
    else if (value instanceof RespAttributed) this.#attributed(value, depth);
    else throw this.#error(`RESP has no type for ${describe(value)}`);
  }

  #items(type: string, items: readonly RespInput[], depth: number): void {
    writer.latin1(`${type}${items.length}\r\n`);
    for (const item of items) this.#write(item, depth);
  }

  #map(type: string, map: ReadonlyMap<RespInput, RespInput>, depth: number): void {
    writer.latin1(this.version === 3 ? `${type}${map.size}\r\n` : `*${2 * map.size}\r\n`);
    for (const [key, value] of map) {
      this.#write(key, depth);
      this.#write(value, depth);
    }
  }

  #push({ items }: RespPush<RespInput>, depth: number): void {
    if (depth > 1) throw this.#error('a push message cannot be inside another message');
    this.#items(this.version === 3 ? '>' : '*', items, depth);
  }

  /** RESP2 has no place for attributes: the value alone is what such a client expects. */
  #attributed({ attributes, value }: RespAttributed<RespInput>, depth: number): void {
    if (this.version === 3) this.#map('|', attributes, depth);
    this.#write(value, this.version === 3 ? depth : depth - 1);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.latin1(`:${value}\r\n`);
    else this.#double(value);
  }

  #double(value: number): void {
    const text = formatDouble(value);
    if (this.version === 3) writer.latin1(`,${text}\r\n`);
    else this.#bulkText('$', text);
  }

  #bigNumber(value: bigint): void {
    if (this.version === 3) writer.latin1(`(${value}\r\n`);
    else if (isInt64(value)) writer.latin1(`:${value}\r\n`);
    else this.#bulkText('$', String(value));
  }

  #failure(message: string): void {
    if (this.version === 3 && /[\r\n]/.test(message)) this.#bulkText('!', message);
    else this.#line('-', message);
  }

  #verbatim({ format, text }: RespVerbatim): void {
    if (!/^[\x20-\x7e]{3}$/.test(format)) {
      throw this.#error(
        `a verbatim format has three characters, as in txt; got ${describe(format)}`,
      );
    }
    if (this.version === 3) this.#bulkText('=', `${format}:${text}`);
    else this.#bulkText('$', text);
  }

  #line(type: string, text: string): void {
    if (/[\r\n]/.test(text)) {
      throw this.#error(
        `a line with CR or LF in it: ${describe(text)}; use a bulk string, or RESP3 for an error`,
      );
    }
    writer.latin1(type);
    if (isAscii(text)) writer.latin1(text);
    else writer.bytes(this.#bytesOf(text));
    writer.latin1('\r\n');
  }

  #bulkText(type: string, text: string): void {
    if (!isAscii(text)) {
      this.#bulk(type, this.#bytesOf(text));
      return;
    }
    writer.latin1(`${type}${text.length}\r\n`);
    writer.latin1(text);
    writer.latin1('\r\n');
  }

  #bulk(type: string, bytes: Uint8Array): void {
    writer.latin1(`${type}${bytes.length}\r\n`);
    writer.bytes(bytes);
    writer.latin1('\r\n');
  }

  #bytesOf(text: string): Buffer {
    if (!this.#latin1) {
      if (!isWellFormed(text)) throw this.#error('a string with a lone surrogate has no UTF-8');
      return Buffer.from(text);
    }
    if (/[^\0-\xff]/.test(text)) {
      throw this.#error('a string has characters above U+00FF, which encoding latin1 cannot write');
    }
    return Buffer.from(text, 'latin1');
  }

  #error(fault: string): LocalProtocolError {
    return new LocalProtocolError(this.#codec, fault);
  }
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
