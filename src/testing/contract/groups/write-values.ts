import assert from 'node:assert/strict';
import type { Transport } from '../../../transport.js';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

const wrong: readonly [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 42],
  ['a boolean', true],
  ['an array', [1, 2, 3]],
  ['an object', { length: 3 }],
  ['an ArrayBuffer', new ArrayBuffer(3)],
  ['a DataView', new DataView(new ArrayBuffer(3))],
  ['a Uint16Array', new Uint16Array(3)],
  ['a symbol', Symbol('x')],
];

const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };

function writeAnything(transport: Transport, value: unknown): void {
  transport.write(value as string);
}

export const writeValues = promises('write-values', 'what can be written', [
  [
    'bytes',
    'a Buffer, a Uint8Array, a Uint8Array of another realm of memory and a string are written',
    async (bench) => {
      const { transport, peer } = await bench.open();
      transport.write(Buffer.from('a'));
      transport.write(new Uint8Array([98]));
      transport.write(new Uint8Array(new SharedArrayBuffer(1)).fill(99));
      transport.write('d');
      assert.equal(String(await peer.untilReceived(4)), 'abcd');
    },
  ],
  [
    'utf-8',
    'strings of every length are sent as UTF-8',
    async (bench) => {
      const { transport, peer } = await bench.open();
      const texts = [
        'plain',
        'naïve',
        '日本語',
        '🛳️ ⚓',
        'é'.repeat(10_000),
        '€'.repeat(40_000),
        'x'.repeat(100_000),
      ];
      for (const text of texts) transport.write(text);
      const expected = Buffer.from(texts.join(''));
      assert.ok((await peer.untilReceived(expected.length)).equals(expected));
      assert.equal(transport.bytesWritten, expected.length);
    },
  ],
  [
    'lone-surrogate',
    'half of a surrogate pair is sent as U+FFFD, as TextEncoder does it',
    async (bench) => {
      const { transport, peer } = await bench.open();
      transport.write('a\ud83d!');
      assert.equal(String(await peer.untilReceived(5)), 'a\ufffd!');
    },
  ],
  [
    'utf-8-backlog',
    'strings behind unsent data are sent as UTF-8 and counted in bytes',
    async (bench) => {
      const { transport, peer } = await bench.open({}, { peerPaused: true });
      const filler = pattern(8_000_000);
      transport.write(filler);
      await bench.settle();
      const before = transport.writeBufferSize;
      transport.write('日本語');
      transport.write('€'.repeat(30_000));
      assert.equal(transport.writeBufferSize, before + 9 + 90_000);
      peer.resume();
      const received = await peer.untilReceived(filler.length + 90_009);
      assert.equal(String(received.subarray(filler.length)), `日本語${'€'.repeat(30_000)}`);
    },
  ],
  [
    'type-error',
    'write() throws a TypeError at once for what is neither bytes nor a string',
    async (bench) => {
      const { transport } = await bench.open();
      for (const [what, value] of wrong) {
        assert.throws(() => writeAnything(transport, value), refused, what);
      }
    },
  ],
  [
    'type-error-harmless',
    'a write that throws leaves the connection unharmed',
    async (bench) => {
      const { transport, peer } = await bench.open();
      transport.write('before ');
      for (const [, value] of wrong) assert.throws(() => writeAnything(transport, value));
      assert.equal(transport.isClosing, false);
      transport.write('after');
      transport.close();
      assert.equal(String(await peer.untilEnded()), 'before after');
    },
  ],
  [
    'type-error-closed',
    'write() throws a TypeError also on a transport that is closing',
    async (bench) => {
      const { probe, transport } = await bench.open();
      transport.close();
      for (const [what, value] of wrong) {
        assert.throws(() => writeAnything(transport, value), refused, what);
      }
      await probe.untilLost();
      assert.throws(() => writeAnything(transport, 1), refused);
    },
  ],
  [
    'writev-order',
    'writev() sends its chunks in order, after and before other writes',
    async (bench) => {
      const { transport, peer } = await bench.open();
      const chunks = Array.from({ length: 3000 }, (_, i) => pattern((i * 13) % 997, i));
      const large = [pattern(100_000, 5), pattern(300_000, 6)];
      transport.write('first');
      transport.writev(chunks);
      transport.write('middle');
      transport.writev(large);
      transport.writev([Buffer.from('small'), Buffer.from('er')]);
      transport.write('last');
      const expected = Buffer.concat([
        Buffer.from('first'),
        ...chunks,
        Buffer.from('middle'),
        ...large,
        Buffer.from('smallerlast'),
      ]);
      assert.ok((await peer.untilReceived(expected.length)).equals(expected));
    },
  ],
  [
    'writev-backlog',
    'writev() behind unsent data keeps its place',
    async (bench) => {
      const { transport, peer } = await bench.open({}, { peerPaused: true });
      const filler = pattern(8_000_000);
      transport.write(filler);
      await bench.settle();
      transport.writev([pattern(10, 1), pattern(50_000, 2), pattern(1, 3)]);
      transport.write('last');
      const tail = Buffer.concat([
        pattern(10, 1),
        pattern(50_000, 2),
        pattern(1, 3),
        Buffer.from('last'),
      ]);
      peer.resume();
      const received = await peer.untilReceived(filler.length + tail.length);
      assert.ok(received.subarray(filler.length).equals(tail));
    },
  ],
  [
    'writev-all-or-nothing',
    'writev() with one wrong chunk throws a TypeError and sends none of them',
    async (bench) => {
      const { transport, peer } = await bench.open();
      const chunks = [Buffer.from('one'), 'two', Buffer.from('three')] as unknown as Uint8Array[];
      assert.throws(() => transport.writev(chunks), refused);
      transport.write('only this');
      transport.close();
      assert.equal(String(await peer.untilEnded()), 'only this');
    },
  ],
  [
    'writev-array-kept',
    'the array given to writev() may be changed afterwards',
    async (bench) => {
      const { transport, peer } = await bench.open({}, { peerPaused: true });
      const chunks = [pattern(6_000_000, 1), pattern(6_000_000, 2)];
      const expected = Buffer.concat(chunks);
      transport.writev(chunks);
      chunks.length = 0;
      peer.resume();
      assert.ok((await peer.untilReceived(expected.length)).equals(expected));
    },
  ],
]);
