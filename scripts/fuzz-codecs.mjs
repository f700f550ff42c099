// Feeds damaged RESP and PROXY streams to the decoders: node scripts/fuzz-codecs.mjs [count] [seed]
//
// Half of the inputs go to each. Every input must end in messages or a RemoteProtocolError, within
// a second, without the codec holding more than its limit; every hundredth must give the same when
// it is decoded whole; and the heap must be as small at the end as it was near the start.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  proxyProtocol,
  RemoteProtocolError,
  RespAttributed,
  RespDouble,
  RespError,
  RespPush,
  RespSimple,
  RespVerbatim,
  resp,
} from '../dist/codecs/index.js';

const LIMITS = [64, 1024, 65_536];
const SLOWEST_MS = 1000;
const HEAP_GROWTH_BYTES = 16 * 1024 * 1024;
const COMPARED_EVERY = 100;

const count = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 0x7fffffff) || 1;
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
  console.error('usage: node scripts/fuzz-codecs.mjs [count, at least 1] [seed, an integer]');
  process.exit(2);
}
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

let state = seed;
/** Marsaglia's xorshift: an integer from 0 to below `end`. */
function random(end) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % end;
}

const pick = (list) => list[random(list.length)];

const values = [
  ['SET', 'key:000000000042', 'xxx'],
  ['GET', Buffer.alloc(40, 1)],
  [],
  [[[[null]]], true, 1, -1, 2n ** 70n, 1.5, Number.NaN],
  new Map([['a', new Map([['b', new Set([1, 2, 'c'])]])]]),
  new RespSimple('OK'),
  new RespError('ERR no such thing'),
  new RespVerbatim('txt', 'some text'),
  new RespDouble(3),
  new RespPush(['message', 'channel', 'é']),
  new RespAttributed(new Map([['ttl', 3600]]), ['value', new RespAttributed(new Map(), 1)]),
  'x'.repeat(300),
];
const extremes = [
  '*1000000000\r\n',
  '$999999999\r\n',
  '%4294967296\r\n',
  '*-1\r\n',
  '$-1\r\n',
  '$?\r\n',
  '!8\r\nERR a\r\nb\r\n',
];
const respSamples = [2, 3].flatMap((version) => {
  const codec = resp({ limit: 1024, version });
  return values.map((value) => Buffer.concat(codec.encode(value)));
});
respSamples.push(...extremes.map((text) => Buffer.from(text)));

const ip = (host, port) => ({ family: host.includes(':') ? 'IPv6' : 'IPv4', host, port });
const unix = (path) => ({ family: 'unix', path });
const headers = [
  { source: ip('192.0.2.1', 65_535), destination: ip('198.51.100.2', 443) },
  { source: ip('2001:db8::1', 1), destination: ip('::ffff:192.0.2.1', 0) },
  { source: null, destination: null },
];
const tls = { encrypted: true, certificate: { connection: true, session: false }, verifyResult: 0 };
const details = [
  {},
  { checksum: true, authority: 'example.com', alpn: 'h2', uniqueId: Buffer.from('id') },
  { tls: { ...tls, version: 'TLSv1.3', commonName: 'é' }, namespace: 'ns', checksum: true },
  {
    tlvs: [
      { type: 0xe0, value: Buffer.alloc(100) },
      { type: 0x04, value: Buffer.alloc(9) },
    ],
  },
];
const proxySamples = headers.map((ends) =>
  formatHeader({ version: 1, command: 'PROXY', protocol: 'stream', ...ends }),
);
for (const ends of [...headers, { source: unix('/run/a.sock'), destination: unix('\0name') }]) {
  for (const more of details) {
    proxySamples.push(
      formatHeader({ version: 2, command: 'PROXY', protocol: 'stream', ...ends, ...more }),
    );
  }
}

function formatHeader(header) {
  return Buffer.concat(proxyProtocol({ limit: 4096 }).encode(header));
}

/** Some samples one after the other, with some bytes changed, taken out or put in. */
function damaged(samples) {
  const parts = Array.from({ length: 1 + random(3) }, () => pick(samples));
  let bytes = Buffer.concat(parts);
  for (let rounds = random(5); rounds > 0; rounds--) {
    const at = random(bytes.length);
    const kind = random(4);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] ^= 1 << random(8);
    else if (kind === 2)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(4))]);
    else bytes = Buffer.concat([bytes.subarray(0, at), pick(samples), bytes.subarray(at)]);
    if (bytes.length === 0) return pick(samples);
  }
  return bytes;
}

/** Decodes the chunks and the end of input; returns what can be compared. */
function outcomeOf(codec, chunks, limit) {
  const messages = [];
  try {
    for (const chunk of chunks) {
      for (const message of codec.decode(chunk)) messages.push(message);
      if (codec.bufferedBytes > limit)
        throw new Error(`holds ${codec.bufferedBytes} bytes, limit ${limit}`);
    }
    for (const message of codec.end()) messages.push(message);
    return { messages, error: null };
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    return { messages, error };
  }
}

function pieces(bytes) {
  if (random(8) === 0) return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  const first = random(bytes.length + 1);
  const second = first + random(bytes.length - first + 1);
  return [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
}

/** What does not depend on how a stream was cut: the bytes after a PROXY header are not messages. */
function comparable({ messages, error }) {
  const data = Buffer.concat(messages.filter((message) => Buffer.isBuffer(message)));
  const rest = messages.filter((message) => !Buffer.isBuffer(message));
  return JSON.stringify([data.toString('latin1'), rest, error?.message], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

const kinds = [
  {
    samples: respSamples,
    make: (limit) => resp({ limit, encoding: pick(['bytes', 'utf8', 'latin1']) }),
  },
  { samples: proxySamples, make: (limit) => proxyProtocol({ limit }) },
];

const tally = { messages: 0, refused: 0, slowestMs: 0 };

function runOne(number) {
  const { samples, make } = kinds[number % 2];
  const bytes = damaged(samples);
  const limit = pick(LIMITS);
  const before = state;
  try {
    const begin = performance.now();
    const outcome = outcomeOf(make(limit), pieces(bytes), limit);
    const tookMs = performance.now() - begin;
    tally.messages += outcome.messages.length;
    if (outcome.error !== null) tally.refused += 1;
    tally.slowestMs = Math.max(tally.slowestMs, tookMs);
    if (tookMs > SLOWEST_MS) throw new Error(`took ${tookMs.toFixed(0)} ms`);
    if (number % COMPARED_EVERY < 2) {
      state = before;
      const whole = outcomeOf(make(limit), [bytes], limit);
      if (comparable(whole) !== comparable(outcome))
        throw new Error('depends on how the stream is cut');
    }
  } catch (error) {
    console.error(`input ${number}, seed ${seed}, limit ${limit}: 0x${bytes.toString('hex')}`);
    throw error;
  }
}

function heapBytes() {
  collectGarbage();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

const start = performance.now();
const warmUp = Math.min(10_000, count);
for (let number = 0; number < warmUp; number++) runOne(number);
const heapBefore = heapBytes();
for (let number = warmUp; number < count; number++) runOne(number);
const grown = heapBytes() - heapBefore;

console.log(
  `${count} inputs (seed ${seed}) in ${((performance.now() - start) / 1000).toFixed(1)} s: ` +
    `${tally.messages} messages, ${tally.refused} inputs refused, none crashed; ` +
    `slowest ${tally.slowestMs.toFixed(1)} ms, heap grown by ${Math.round(grown / 1024)} KiB`,
);
if (grown > HEAP_GROWTH_BYTES) {
  console.error(`the heap grew by ${grown} bytes, more than the ${HEAP_GROWTH_BYTES} allowed`);
  process.exit(1);
}
