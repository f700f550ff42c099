import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

export const reading = promises('reading', 'what a peer sends arrives', [
  [
    'in-order',
    'bytes arrive in order, none lost, none twice',
    async (bench) => {
      const { probe, peer } = await bench.open();
      const sent = pattern(3_000_001);
      for (let at = 0; at < sent.length; at += 70_001) peer.write(sent.subarray(at, at + 70_001));
      await peer.end();
      await probe.untilLost();
      assert.ok(sent.equals(probe.received));
    },
  ],
  [
    'chunk-size',
    'a call of dataReceived has at least 1 byte and at most 64 KiB',
    async (bench) => {
      const { probe, peer } = await bench.open();
      peer.write(pattern(2_000_000));
      await probe.untilReceived(2_000_000);
      const sizes = probe.chunks.map((chunk) => chunk.length);
      assert.ok(Math.min(...sizes) >= 1);
      assert.ok(Math.max(...sizes) <= 65_536, `one call had ${Math.max(...sizes)} bytes`);
    },
  ],
  [
    'buffers',
    'dataReceived gets a Buffer',
    async (bench) => {
      const { probe, peer } = await bench.open();
      peer.write('hello');
      await probe.untilReceived(5);
      assert.ok(Buffer.isBuffer(probe.chunks[0]));
    },
  ],
  [
    'owned',
    'what dataReceived got never changes afterwards, however much follows',
    async (bench) => {
      const { probe, peer } = await bench.open();
      const sent = pattern(1000);
      peer.write(sent);
      await probe.untilReceived(1000);
      for (let i = 0; i < 100; i++) peer.write(Buffer.alloc(40_000, i));
      await probe.untilReceived(4_001_000);
      assert.ok(probe.received.subarray(0, 1000).equals(sent));
      for (let i = 0; i < 100; i++) {
        const part = probe.received.subarray(1000 + i * 40_000, 41_000 + i * 40_000);
        assert.ok(part.equals(Buffer.alloc(40_000, i)), `part ${i}`);
      }
    },
  ],
  [
    'writable-by-callee',
    'a protocol may overwrite what it got without harm to other connections or later data',
    async (bench) => {
      const served = await bench.serve({
        dataReceived: (probe, data) => {
          probe.transport.write(data);
          data.fill(0);
        },
      });
      const connections = [await served.connect(), await served.connect(), await served.connect()];
      const sent = connections.map((_, i) => pattern(300_000, i + 1));
      for (const [i, { peer }] of connections.entries()) peer.write(sent[i] as Buffer);
      for (const [i, { peer }] of connections.entries()) {
        assert.ok((await peer.untilReceived(300_000)).equals(sent[i] as Buffer), `connection ${i}`);
      }
    },
  ],
  [
    'not-mixed',
    'bytes of connections that are read in the same turn are not mixed up',
    async (bench) => {
      const served = await bench.serve();
      const connections = [];
      for (let i = 0; i < 20; i++) connections.push(await served.connect());
      for (let round = 0; round < 10; round++) {
        for (const [i, { peer }] of connections.entries()) peer.write(Buffer.alloc(3001, i + 1));
      }
      for (const [i, { probe }] of connections.entries()) {
        const received = await probe.untilReceived(30_010);
        assert.ok(received.equals(Buffer.alloc(30_010, i + 1)), `connection ${i}`);
      }
    },
  ],
  [
    'byte-count',
    'bytesRead counts every byte received, also those of the callback that looks',
    async (bench) => {
      const seen: number[] = [];
      const { probe, transport, peer } = await bench.open({
        dataReceived: (p) => seen.push(p.transport.bytesRead - p.receivedBytes),
      });
      assert.equal(transport.bytesRead, 0);
      peer.write(pattern(200_000));
      await peer.end();
      await probe.untilLost();
      assert.equal(transport.bytesRead, 200_000);
      assert.deepEqual([...new Set(seen)], [0]);
    },
  ],
  [
    'urgent-byte',
    'an urgent byte is kept out of the data and does not disturb it',
    async (bench) => {
      const served = await bench.serve();
      const sending = bench.setup.sendUrgent(served.address, 'before', '!', 'after');
      const probe = await served.probeAt(0);
      assert.equal(await probe.untilLost(), null);
      await sending;
      assert.equal(probe.text, 'beforeafter');
      assert.equal(probe.story, 'connectionMade dataReceived eofReceived connectionLost');
    },
  ],
  [
    'eof-alone',
    'a peer that says nothing and ends is told as end of input alone',
    async (bench) => {
      const { probe, peer } = await bench.open();
      await peer.end();
      assert.equal(await probe.untilLost(), null);
      assert.equal(probe.story, 'connectionMade eofReceived connectionLost');
    },
  ],
  [
    'async-not-awaited',
    'an async dataReceived is not waited for',
    async (bench) => {
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const { probe, peer } = await bench.open({ dataReceived: () => held });
      peer.write('one');
      await probe.untilReceived(3);
      peer.write('two');
      await probe.untilReceived(6);
      await peer.end();
      await probe.untilLost();
      release();
    },
  ],
]);
