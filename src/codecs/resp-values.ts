/** A simple string to encode (`+OK`). Decoding gives a plain string; a plain string is encoded as a bulk string, which has no forbidden characters. */
export class RespSimple {
  readonly text: string;

  /** @param text without CR and LF */
  constructor(text: string) {
    this.text = text;
  }
}

/** An error reply, `-` or `!`. Not an `Error`: it is a value that the peer sent, so no stack is taken. */
export class RespError {
  /** By convention an upper-case code, a space, and text: `ERR unknown command`. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** A double to encode although it may be a whole number (`,1`). Decoding gives a plain number. */
export class RespDouble {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A verbatim string, `=`: text for humans, marked `txt` or `mkd`. */
export class RespVerbatim {
  /** Three characters. */
  readonly format: string;
  readonly text: string;

  constructor(format: string, text: string) {
    this.format = format;
    this.text = text;
  }
}

/** A push message, `>`: sent without being asked for, at the top level only. Its first item says what kind. */
export class RespPush<Item = RespValue> {
  readonly items: Item[];

  constructor(items: Item[]) {
    this.items = items;
  }
}

/** A value with attributes before it, `|`: hints that a client may ignore. */
export class RespAttributed<Item = RespValue> {
  readonly attributes: Map<Item, Item>;
  readonly value: Item;

  constructor(attributes: Map<Item, Item>, value: Item) {
    this.attributes = attributes;
    this.value = value;
  }
}

/**
 * A decoded value. `+` is a string; `$` a Buffer, or a string where the codec was told an
 * encoding; `:` a number, beyond 2^53 - 1 a bigint; `,` a number; `(` a bigint; both kinds of null are null.
 */
export type RespValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | RespError
  | RespVerbatim
  | RespPush
  | RespAttributed
  | RespValue[]
  | Map<RespValue, RespValue>
  | Set<RespValue>;

/**
 * What can be encoded. A string or bytes become a bulk string; a safe integer `:`, any other
 * number `,`; a bigint `(`. Where the connection speaks RESP2, the types it
 * lacks become what Redis sends in their place.
 */
export type RespInput =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | RespSimple
  | RespError
  | RespDouble
  | RespVerbatim
  | RespPush<RespInput>
  | RespAttributed<RespInput>
  | readonly RespInput[]
  | ReadonlyMap<RespInput, RespInput>
  | ReadonlySet<RespInput>;

/** How bulk strings are decoded, and strings written: see `resp`. */
export type RespEncoding = 'bytes' | 'utf8' | 'latin1';

/** The first byte of each type. */
export const RespType = {
  simple: 0x2b,
  error: 0x2d,
  integer: 0x3a,
  bulk: 0x24,
  array: 0x2a,
  null: 0x5f,
  boolean: 0x23,
  double: 0x2c,
  bigNumber: 0x28,
  bulkError: 0x21,
  verbatim: 0x3d,
  map: 0x25,
  set: 0x7e,
  attribute: 0x7c,
  push: 0x3e,
} as const;

/** How deep aggregates may be nested; Redis itself stays in one digit. */
export const deepestNesting = 128;
