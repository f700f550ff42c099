import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import type { ProbeHandlers } from '../probe.js';
import { promises } from '../promise.js';

/** A buffered protocol with memory of one size. */
function withMemory(byteCount: number, more: ProbeHandlers = {}): ProbeHandlers {
  const memory = Buffer.alloc(byteCount);
  return { getBuffer: () => memory, ...more };
}

export const buffered = promises('buffered', 'a protocol can bring its own receive memory', [
  [
    'sizes',
    'memory of 1, 4, 1000, 65,536 and 1,000,000 bytes receives every byte in order',
    async (bench) => {
      for (const [size, length] of [
        [1, 3000],
        [4, 10_000],
        [1000, 500_000],
        [65_536, 3_000_000],
        [1_000_000, 3_000_000],
      ] as const) {
        const { probe, peer } = await bench.open(withMemory(size));
        const sent = pattern(length);
        peer.write(sent);
        await peer.end();
        assert.equal(await probe.untilLost(), null);
        assert.ok(probe.received.equals(sent), `memory of ${size} bytes`);
        assert.ok(Math.max(...probe.chunks.map((chunk) => chunk.length)) <= size);
      }
    },
  ],
  [
    'pairs',
    'every bufferUpdated follows a getBuffer of its own',
    async (bench) => {
      const { probe, peer } = await bench.open(withMemory(4));
      peer.write('0123456789');
      await peer.end();
      await probe.untilLost();
      for (const [i, call] of probe.calls.entries()) {
        if (call === 'bufferUpdated') assert.equal(probe.calls[i - 1], 'getBuffer');
      }
      assert.equal(probe.count('bufferUpdated'), 3);
      assert.equal(probe.text, '0123456789');
    },
  ],
  [
    'order',
    'a buffered protocol has the same order of callbacks',
    async (bench) => {
      const { probe, peer } = await bench.open(withMemory(100));
      peer.write('hello');
      await peer.end();
      assert.equal(await probe.untilLost(), null);
      assert.equal(probe.story, 'connectionMade bufferUpdated eofReceived connectionLost');
    },
  ],
  [
    'own-memory',
    'only the announced bytes at the front of the memory are written',
    async (bench) => {
      const memory = Buffer.alloc(1000, 0xaa);
      const window = memory.subarray(100, 900);
      const { probe, peer } = await bench.open({ getBuffer: () => window });
      peer.write('x'.repeat(50));
      await probe.untilReceived(50);
      await bench.settle();
      assert.ok(memory.subarray(0, 100).equals(Buffer.alloc(100, 0xaa)));
      assert.equal(memory.toString('latin1', 100, 150), 'x'.repeat(50));
      assert.ok(memory.subarray(150).equals(Buffer.alloc(850, 0xaa)));
    },
  ],
  [
    'other-memory-each-time',
    'memory may be another, and of another size, at every call',
    async (bench) => {
      let calls = 0;
      const { probe, peer } = await bench.open({
        getBuffer: () => new Uint8Array(1 + ((calls++ * 7919) % 5000)),
      });
      const sent = pattern(400_000);
      peer.write(sent);
      await probe.untilReceived(sent.length);
      assert.ok(probe.received.equals(sent));
    },
  ],
  [
    'empty-memory',
    'empty memory is an error that aborts the connection',
    async (bench) => {
      for (const memory of [new Uint8Array(0), undefined, null, 'text', 5, new ArrayBuffer(5)]) {
        const { served, probe, peer } = await bench.open({ getBuffer: () => memory as Uint8Array });
        peer.write('data');
        const error = await probe.untilLost();
        assert.ok(error instanceof TypeError);
        assert.match(error.message, /getBuffer\(\)/);
        assert.equal(probe.count('bufferUpdated'), 0);
        await served.takeErrors();
      }
    },
  ],
  [
    'throwing',
    'an error in getBuffer or bufferUpdated is what connectionLost gets',
    async (bench) => {
      const mistake = new Error('in the buffered protocol');
      const fail = () => {
        throw mistake;
      };
      for (const handlers of [{ getBuffer: fail }, withMemory(10, { bufferUpdated: fail })]) {
        const { served, probe, peer } = await bench.open(handlers);
        peer.write(pattern(1000));
        assert.equal(await probe.untilLost(), mistake);
        assert.deepEqual(await served.takeErrors(), [{ error: mistake, transport: probe.raw }]);
      }
    },
  ],
  [
    'rejecting',
    'a rejection of an async bufferUpdated is what connectionLost gets',
    async (bench) => {
      const mistake = new Error('later');
      const { served, probe, peer } = await bench.open(
        withMemory(10, { bufferUpdated: () => Promise.reject(mistake) }),
      );
      peer.write('data');
      assert.equal(await probe.untilLost(), mistake);
      await served.takeErrors();
    },
  ],
  [
    'pause',
    'pauseReading() in bufferUpdated is obeyed at once, with nothing lost',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(
        withMemory(1000, { bufferUpdated: (p) => p.transport.pauseReading() }),
      );
      const sent = pattern(10_000);
      peer.write(sent);
      await peer.end();
      for (let call = 1; call <= 10; call++) {
        await probe.untilCalled('bufferUpdated', call);
        await bench.settle();
        assert.equal(probe.count('bufferUpdated'), call);
        transport.resumeReading();
      }
      await probe.untilLost();
      assert.ok(probe.received.equals(sent));
    },
  ],
  [
    'close',
    'close(), abort() and reset() in getBuffer and bufferUpdated end the connection there',
    async (bench) => {
      const memory = Buffer.alloc(10);
      for (const method of ['close', 'abort', 'reset'] as const) {
        const first = await bench.open(
          withMemory(10, { bufferUpdated: (p) => p.transport[method]() }),
        );
        first.peer.write(pattern(1000));
        assert.equal(await first.probe.untilLost(), null);
        assert.equal(first.probe.count('bufferUpdated'), 1);
        const second = await bench.open({
          getBuffer: (p) => {
            p.transport[method]();
            return memory;
          },
        });
        second.peer.write(pattern(1000));
        assert.equal(await second.probe.untilLost(), null);
        assert.equal(second.probe.count('bufferUpdated'), 0);
      }
    },
  ],
  [
    'reset',
    'a reset by the peer is told to a buffered protocol as to any other',
    async (bench) => {
      const { probe, peer } = await bench.open(withMemory(10));
      await peer.reset();
      assert.equal(((await probe.untilLost()) as NodeJS.ErrnoException).code, 'ECONNRESET');
      assert.equal(probe.story, 'connectionMade connectionLost');
    },
  ],
  [
    'to-plain',
    'a swap to a plain protocol in bufferUpdated loses and doubles nothing',
    async (bench) => {
      const next = bench.probe();
      const { probe, peer } = await bench.open(
        withMemory(1000, {
          bufferUpdated: (p) => {
            p.transport.protocol = next.adopt(p).protocol;
          },
        }),
      );
      const sent = pattern(500_000);
      peer.write(sent);
      await peer.end();
      await next.untilLost();
      assert.equal(probe.receivedBytes, 1000);
      assert.ok(Buffer.concat([probe.received, next.received]).equals(sent));
    },
  ],
  [
    'from-plain',
    'a swap to a buffered protocol in dataReceived loses and doubles nothing',
    async (bench) => {
      const next = bench.probe(withMemory(777));
      const { probe, peer } = await bench.open({
        dataReceived: (p) => {
          p.transport.protocol = next.adopt(p).protocol;
        },
      });
      const sent = pattern(500_000);
      peer.write(sent);
      await peer.end();
      await next.untilLost();
      assert.ok(Buffer.concat([probe.received, next.received]).equals(sent));
    },
  ],
  [
    'swap-while-paused',
    'a swap to a buffered protocol while paused gets what waited, then the end of input',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.pauseReading();
      const sent = pattern(50_000);
      peer.write(sent);
      await peer.end();
      await bench.settle();
      const next = bench.probe(withMemory(333)).adopt(probe);
      transport.protocol = next.protocol;
      await bench.settle();
      assert.equal(next.story, '');
      transport.resumeReading();
      await next.untilLost();
      assert.ok(next.received.equals(sent));
      assert.equal(next.story, 'bufferUpdated eofReceived connectionLost');
    },
  ],
]);
