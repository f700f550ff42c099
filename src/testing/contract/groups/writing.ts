import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';
import { nextTurn } from '../waiting.js';

export const writing = promises('writing', 'what is written arrives', [
  [
    'in-order',
    'writes of every size arrive in order, none lost, none twice',
    async (bench) => {
      const { transport, peer } = await bench.open();
      const sent = pattern(4_000_000);
      let at = 0;
      for (let size = 1; at < sent.length; size = (size * 7 + 3) % 100_003) {
        transport.write(sent.subarray(at, at + size));
        at += size;
        if (size % 5 === 0) await nextTurn();
      }
      assert.ok((await peer.untilReceived(sent.length)).equals(sent));
    },
  ],
  [
    'in-made',
    'a write in connectionMade arrives',
    async (bench) => {
      const { peer } = await bench.open({
        connectionMade: ({ transport }) => transport.write('welcome'),
      });
      assert.equal(String(await peer.untilReceived(7)), 'welcome');
    },
  ],
  [
    'outside-callbacks',
    'writes from a timer, a microtask and an immediate arrive',
    async (bench) => {
      const { transport, peer } = await bench.open();
      setTimeout(() => transport.write('a'), 1);
      await peer.untilReceived(1);
      queueMicrotask(() => transport.write('b'));
      await peer.untilReceived(2);
      setImmediate(() => transport.write('c'));
      assert.equal(String(await peer.untilReceived(3)), 'abc');
    },
  ],
  [
    'million-bytes',
    'a million writes of one byte in one turn arrive as they were made',
    async (bench) => {
      const { transport, peer } = await bench.open();
      const sent = pattern(1_000_000);
      for (let i = 0; i < sent.length; i++) transport.write(sent.subarray(i, i + 1));
      assert.ok((await peer.untilReceived(sent.length)).equals(sent));
    },
  ],
  [
    'million-bytes-slow',
    'a million writes of one byte to a peer that does not read yet arrive as they were made',
    async (bench) => {
      const { transport, peer } = await bench.open({}, { peerPaused: true });
      const filler = pattern(8_000_000, 2);
      transport.write(filler);
      await bench.settle();
      const sent = pattern(1_000_000);
      for (let i = 0; i < sent.length; i++) transport.write(sent.subarray(i, i + 1));
      peer.resume();
      const received = await peer.untilReceived(filler.length + sent.length);
      assert.ok(received.equals(Buffer.concat([filler, sent])));
    },
  ],
  [
    'many-strings',
    'forty thousand strings in one turn, on eight connections, arrive as they were written',
    async (bench) => {
      const served = await bench.serve();
      const opened = [];
      for (let i = 0; i < 8; i++) opened.push(await served.connect());
      const texts = Array.from({ length: 5000 }, (_, i) => '€'.repeat(i % 40) + i);
      for (const text of texts) for (const { probe } of opened) probe.transport.write(text);
      const expected = Buffer.from(texts.join(''));
      for (const { peer } of opened) {
        assert.ok((await peer.untilReceived(expected.length)).equals(expected));
      }
    },
  ],
  [
    'small-then-huge',
    'a small write and one that the kernel takes only in part arrive whole and in order',
    async (bench) => {
      const { transport, peer } = await bench.open({}, { peerPaused: true });
      const [small, huge] = [pattern(9000, 2), pattern(20_000_000)];
      transport.write(small);
      transport.write(huge);
      await bench.settle();
      peer.resume();
      const expected = Buffer.concat([small, huge]);
      assert.ok((await peer.untilReceived(expected.length)).equals(expected));
    },
  ],
  [
    'full-kernel',
    'small writes that meet a full kernel buffer at the end of the turn arrive whole and in order',
    async (bench) => {
      const served = await bench.serve({}, { writeBufferLimits: { high: Infinity, low: 0 } });
      const { transport, peer } = await served.connect(true);
      const chunks: Buffer[] = [];
      while (transport.writeBufferSize === 0) {
        for (let i = 0; i < 20; i++) {
          chunks.push(pattern(10_007, chunks.length));
          transport.write(chunks.at(-1) as Buffer);
        }
        await bench.settle();
      }
      peer.resume();
      const expected = Buffer.concat(chunks);
      assert.ok((await peer.untilReceived(expected.length)).equals(expected));
    },
  ],
  [
    'large',
    'one write of 20 MB arrives whole',
    async (bench) => {
      const { transport, peer } = await bench.open();
      const sent = pattern(20_000_000);
      transport.write(sent);
      assert.ok((await peer.untilReceived(sent.length)).equals(sent));
    },
  ],
  [
    'mixed-sizes',
    'small writes around a large one keep their places',
    async (bench) => {
      const { transport, peer } = await bench.open();
      const large = pattern(3_000_000);
      const expected = Buffer.concat([Buffer.from('before'), large, Buffer.from('after')]);
      transport.write('before');
      transport.write(large);
      transport.write('after');
      assert.ok((await peer.untilReceived(expected.length)).equals(expected));
    },
  ],
  [
    'not-mixed',
    'writes of many connections in one turn are not mixed up',
    async (bench) => {
      const served = await bench.serve();
      const connections = [];
      for (let i = 0; i < 20; i++) connections.push(await served.connect());
      for (let round = 0; round < 500; round++) {
        for (const [i, { transport }] of connections.entries()) {
          transport.write(Buffer.alloc(1 + ((round * 37) % 200), i + 1));
        }
      }
      let length = 0;
      for (let round = 0; round < 500; round++) length += 1 + ((round * 37) % 200);
      for (const [i, { peer }] of connections.entries()) {
        assert.ok((await peer.untilReceived(length)).equals(Buffer.alloc(length, i + 1)));
      }
    },
  ],
  [
    'caller-keeps-data',
    'data may be changed as soon as write() returned, whatever its size',
    async (bench) => {
      const { transport, peer } = await bench.open({}, { peerPaused: true });
      const expected: Buffer[] = [];
      for (const size of [1, 100, 5000, 16_383, 16_384, 70_000, 9_000_000, 3, 20_000, 200_000]) {
        const data = pattern(size, size);
        expected.push(Buffer.from(data));
        transport.write(data);
        data.fill(0xee);
      }
      peer.resume();
      const all = Buffer.concat(expected);
      assert.ok((await peer.untilReceived(all.length)).equals(all));
    },
  ],
  [
    'window',
    'a view sends its own window of bytes and nothing else',
    async (bench) => {
      const { transport, peer } = await bench.open();
      const memory = pattern(100_000);
      const expected: Uint8Array[] = [];
      for (const [from, to] of [
        [10, 20],
        [1, 17_000],
        [30_000, 99_999],
        [5, 6],
      ] as const) {
        const view = new Uint8Array(memory.buffer, memory.byteOffset + from, to - from);
        expected.push(Buffer.from(view));
        transport.write(view);
      }
      transport.writev([memory.subarray(7, 9), memory.subarray(40, 90_000)]);
      expected.push(memory.subarray(7, 9), memory.subarray(40, 90_000));
      const all = Buffer.concat(expected);
      assert.ok((await peer.untilReceived(all.length)).equals(all));
    },
  ],
  [
    'empty',
    'an empty write does nothing, also between others',
    async (bench) => {
      const { transport, peer } = await bench.open();
      transport.write('');
      transport.write(new Uint8Array(0));
      transport.writev([]);
      transport.writev([new Uint8Array(0)]);
      assert.equal(transport.writeBufferSize, 0);
      transport.write('a');
      transport.write('');
      transport.write('b');
      transport.writev([Buffer.from('c'), new Uint8Array(0), Buffer.from('d')]);
      transport.close();
      assert.equal(String(await peer.untilEnded()), 'abcd');
    },
  ],
  [
    'both-ways',
    'both directions carry data at full speed at once',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      const [out, back] = [pattern(8_000_000, 3), pattern(8_000_000, 4)];
      transport.write(out);
      peer.write(back);
      assert.ok((await peer.untilReceived(out.length)).equals(out));
      assert.ok((await probe.untilReceived(back.length)).equals(back));
    },
  ],
  [
    'echo',
    'an echo returns 5 MB byte by byte as it was sent',
    async (bench) => {
      const { peer } = await bench.open({
        dataReceived: ({ transport }, data) => transport.write(data),
      });
      const sent = pattern(5_000_000);
      peer.write(sent);
      assert.ok((await peer.untilReceived(sent.length)).equals(sent));
    },
  ],
]);
