import fc from 'fast-check';
import {
  type Codec,
  delimited,
  fixedLength,
  jsonLines,
  lengthPrefixed,
  lines,
  netstrings,
  type ProxyHeader,
  proxyProtocol,
  RespAttributed,
  RespError,
  RespPush,
  RespVerbatim,
  resp,
  varintPrefixed,
} from 'hawser/codecs';
import { ipAddress, unixAddress } from '#hawser/address';

/** One codec as the tests of all codecs see it. */
export interface Subject {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the table holds codecs of all message types
  make(): Codec<any, any>;
  /** Messages that it encodes and that come back equal. */
  readonly messages: fc.Arbitrary<unknown[]>;
  /** Pieces that streams near to valid ones are made of. */
  readonly pieces: readonly string[];
  /** What of the messages does not depend on how the stream was cut; default: all. */
  comparable?(messages: unknown[]): unknown[];
  /** The bytes that count for the limit. */
  readonly limit: number;
}

const LIMIT = 64;

const payload = (minLength = 0, maxLength = 40) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes));
const list = <T>(message: fc.Arbitrary<T>) => fc.array(message, { maxLength: 6 });
const withoutByte = (...unwanted: number[]) =>
  payload().map((bytes) => Buffer.from(bytes.filter((byte) => !unwanted.includes(byte))));
const line = fc
  .string({ unit: 'binary', maxLength: 10 })
  .map((text) => text.replace(/[\r\n]/g, ' '));
/** Whole frames: 2 bytes of header, their payload's length as 16 bits, payload. */
const frame = payload(0, 30).map((body) =>
  Buffer.concat([Buffer.of(0xca, 0xfe, 0, body.length), body]),
);

const framing: Subject[] = [
  {
    name: 'lines, lenient LF',
    make: () => lines({ limit: LIMIT }),
    messages: list(line),
    pieces: ['a', 'bc', '\n', '\r\n', '\r', 'é', '\ud7ff', 'x'.repeat(30)],
    limit: LIMIT,
  },
  {
    name: 'lines, strict CRLF',
    make: () => lines({ limit: LIMIT, newline: '\r\n', strict: true }),
    messages: list(line),
    pieces: ['a', 'bc', '\r\n', '\r\n', '\r', '\n', 'x'.repeat(30)],
    limit: LIMIT,
  },
  {
    name: 'lines, strict LF, bytes',
    make: () => lines({ limit: LIMIT, strict: true, encoding: 'bytes' }),
    messages: list(withoutByte(0x0a)),
    pieces: ['a', 'bc', '\r\n', '\r', '\n', 'x'.repeat(30)],
    limit: LIMIT,
  },
  {
    name: 'delimited by aab',
    make: () => delimited({ limit: LIMIT, delimiter: 'aab' }),
    messages: list(withoutByte(0x61)),
    pieces: ['a', 'aa', 'ab', 'b', 'aab', 'c', 'x'.repeat(30)],
    limit: LIMIT,
  },
  {
    name: 'delimited by NUL',
    make: () => delimited({ limit: LIMIT, delimiter: Uint8Array.of(0) }),
    messages: list(withoutByte(0)),
    pieces: ['a', '\0', 'x'.repeat(30)],
    limit: LIMIT,
  },
  {
    name: 'fixedLength',
    make: () => fixedLength(7),
    messages: list(payload(7, 7)),
    pieces: ['a', 'bcd', '1234567'],
    limit: 7,
  },
  {
    name: 'lengthPrefixed, 1 byte',
    make: () => lengthPrefixed({ limit: LIMIT, lengthBytes: 1 }),
    messages: list(payload()),
    pieces: ['\0', '\x01', '\x05', 'hello', '\x3f', '\x40'],
    limit: LIMIT,
  },
  {
    name: 'lengthPrefixed, 8 bytes, little endian, inclusive',
    make: () => lengthPrefixed({ limit: LIMIT, lengthBytes: 8, endian: 'little', inclusive: true }),
    messages: list(payload()),
    pieces: ['\0', '\x08', '\x0d', '\0\0\0\0\0\0\0', 'hello', '\x7f'],
    limit: LIMIT,
  },
  {
    name: 'lengthPrefixed, whole frames with a header',
    make: () => lengthPrefixed({ limit: LIMIT, lengthBytes: 2, offset: 2, strip: 0 }),
    messages: list(frame),
    pieces: ['\0', '\x01', '\x05', 'hello', '\xff'],
    limit: LIMIT,
  },
  {
    name: 'varintPrefixed',
    make: () => varintPrefixed({ limit: 300 }),
    messages: list(payload(0, 300)),
    pieces: ['\0', '\x01', '\x05', 'hello', '\u0080', 'x'.repeat(130)],
    limit: 300,
  },
  {
    name: 'netstrings',
    make: () => netstrings({ limit: LIMIT }),
    messages: list(payload()),
    pieces: ['0', '1', '5', ':', ',', 'hello', '0:,', '3:abc,'],
    limit: LIMIT,
  },
  {
    name: 'jsonLines',
    make: () => jsonLines({ limit: 1024 }),
    // Through JSON once: it has no -0 and no undefined.
    messages: list(
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value))),
    ).filter((values) => values.every((value) => JSON.stringify(value).length < 300)),
    pieces: ['{"a":', '1', '}', '\n', '\r\n', 'null', '[', ']', '"é"', 'x'.repeat(600)],
    limit: 1024,
  },
];

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const latin1 = fc
  .string({ unit: 'binary', maxLength: 20 })
  .map((wide) => Buffer.from(wide).toString('latin1'));
const scalar = (words: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt(),
    words.map((message) => new RespError(message)),
    words.map((body) => new RespVerbatim('txt', body)),
  );
const respValue = (words: fc.Arbitrary<string>, string: fc.Arbitrary<unknown>) =>
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      string,
      scalar(words),
      tie('array'),
      tie('map'),
      tie('set'),
      tie('hint'),
    ),
    array: fc.array(tie('value'), { maxLength: 4 }),
    map: fc
      .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
      .map((pairs) => new Map(pairs)),
    set: fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    hint: fc
      .tuple(tie('map'), tie('value'))
      .map(([map, value]) => new RespAttributed(map as Map<unknown, unknown>, value)),
    push: fc.array(tie('value'), { maxLength: 3 }).map((items) => new RespPush(items)),
    message: fc.oneof(tie('value'), tie('push')),
  })).message;
const respPieces = [
  '*', '$', ':', '+', '-', '_', '#', ',', '(', '!', '=', '%', '~', '|', '>', '\r', '\n', '\r\n', '0', '1', '2',
  '12', '-1', '?', 't', 'f', 'inf', '1.5', '$3\r\nabc\r\n', '*2\r\n', '_\r\n', '%1\r\n', '|1\r\n', '=5\r\ntxt:a\r\n', 'é',
]; // biome-ignore format: one per line says no more

const messagesIn = {
  bytes: respValue(text, payload()),
  utf8: respValue(text, text),
  latin1: respValue(latin1, latin1),
};
const respSubjects = (['bytes', 'utf8', 'latin1'] as const).map(
  (encoding): Subject => ({
    name: `resp, ${encoding}`,
    make: () => resp({ limit: 4096, encoding, version: 3 }),
    messages: list(messagesIn[encoding]),
    pieces: respPieces,
    limit: 4096,
  }),
);

const ip4 = fc.tuple(fc.ipV4(), fc.nat(65_535)).map(([host, port]) => ipAddress(host, port));
const unix = fc.string({ unit: 'grapheme-ascii', maxLength: 100 }).map((path) => unixAddress(path));
const ends = (address: fc.Arbitrary<unknown>) =>
  fc.record({ source: address, destination: address });
const details = fc.record(
  {
    alpn: fc.string({ unit: 'grapheme-ascii', maxLength: 10 }),
    authority: text,
    uniqueId: payload(0, 128),
    namespace: text,
    tls: fc.record(
      {
        encrypted: fc.boolean(),
        certificate: fc.record(
          { connection: fc.boolean(), session: fc.boolean() },
          { noNullPrototype: true },
        ),
        verifyResult: fc.nat(),
        version: text,
        cipher: text,
        commonName: text,
      },
      { requiredKeys: ['encrypted', 'certificate', 'verifyResult'], noNullPrototype: true },
    ),
    checksum: fc.constant(true),
    tlvs: fc.array(
      fc.record(
        { type: fc.integer({ min: 0xe0, max: 0xef }), value: payload() },
        { noNullPrototype: true },
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const v1Header = ends(ip4).map((both) => ({
  version: 1,
  command: 'PROXY',
  protocol: 'stream',
  ...both,
}));
const v2Header = fc
  .tuple(fc.oneof(ends(ip4), ends(unix)), fc.constantFrom('stream', 'datagram'), details)
  .map(([both, protocol, more]) => ({ version: 2, command: 'PROXY', protocol, ...both, ...more }));

export const proxySubject: Subject = {
  name: 'proxyProtocol',
  // After the header come the bytes of another protocol, in chunks that mean nothing.
  comparable: ([header, ...data]) => [header, Buffer.concat(data as Buffer[])],
  make: () => proxyProtocol({ limit: 2048 }),
  messages: fc.oneof(v1Header, v2Header).map((header) => [header as ProxyHeader]),
  pieces: [
    'PROXY ', 'TCP4 ', '127.0.0.1 ', '1 ', '65535', '\r\n', '\r', '\n', 'UNKNOWN', '::1 ', 'TCP6 ',
    '\r\n\r\n\0\r\nQUIT\n', '\x21', '\x11', '\x20', '\0', '\0\x0c', 'abcdefghijkl', '\x03\0\x04',
  ], // biome-ignore format: one per line says no more
  limit: 2048,
};

/** Every codec of the library. */
export const subjects: readonly Subject[] = [...framing, ...respSubjects, proxySubject];
