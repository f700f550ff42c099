import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import type { CallbackName, ProbeHandlers } from '../probe.js';
import { promises } from '../promise.js';

const callbacks = ['connectionMade', 'dataReceived', 'eofReceived', 'resumeWriting'] as const;

/** A protocol that ends its transport in one callback, after writing a little. */
function endIn(callback: CallbackName, method: 'abort' | 'reset'): ProbeHandlers {
  return {
    [callback]: (probe: { transport: Record<string, () => void> }) => probe.transport[method]?.(),
  };
}

export const ending = promises('ending', 'abort() and reset() end a connection at once', [
  [
    'abort',
    'abort() ends with connectionLost(null), and the peer sees FIN, not a reset',
    async (bench) => {
      const { served, probe, transport, peer } = await bench.open();
      transport.abort();
      assert.equal(transport.isClosing, true);
      assert.equal(await probe.untilLost(), null);
      assert.equal((await peer.untilEnded()).length, 0);
      assert.equal(served.server.stats().closedBy.abort, 1);
    },
  ],
  [
    'abort-after-write',
    'abort() does not take back what was written in the same turn and the kernel has room for',
    async (bench) => {
      const { probe, peer } = await bench.open({
        dataReceived: ({ transport }) => {
          transport.write('re');
          transport.write('ply');
          transport.abort();
        },
      });
      peer.write('hello');
      assert.equal(await probe.untilLost(), null);
      assert.equal(String(await peer.untilEnded()), 'reply');
    },
  ],
  [
    'abort-drops',
    'abort() drops what the kernel has not taken: the peer gets a beginning, then FIN',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      const sent = pattern(30_000_000);
      transport.write(sent);
      await bench.settle();
      transport.abort();
      assert.equal(await probe.untilLost(), null);
      peer.resume();
      const received = await peer.untilEnded();
      assert.ok(received.length < sent.length);
      assert.ok(received.equals(sent.subarray(0, received.length)));
    },
  ],
  [
    'abort-cuts-close',
    'abort() cuts short a close() that is still sending',
    async (bench) => {
      const { served, probe, transport, peer } = await bench.open({}, { peerPaused: true });
      transport.write(pattern(30_000_000));
      transport.close();
      await bench.settle();
      assert.equal(probe.count('connectionLost'), 0);
      transport.abort();
      assert.equal(await probe.untilLost(), null);
      assert.equal(served.server.stats().closedBy.abort, 1);
      peer.resume();
      assert.ok((await peer.untilEnded()).length < 30_000_000);
    },
  ],
  [
    'abort-in-callbacks',
    'abort() in any callback is followed by connectionLost(null) alone',
    async (bench) => {
      for (const callback of callbacks) {
        const served = await bench.serve(endIn(callback, 'abort'));
        const { probe, peer } = await served.connectLate();
        probe.transport.write(pattern(5_000_000));
        peer.write('data');
        await peer.end();
        assert.equal(await probe.untilLost(), null, callback);
        assert.equal(probe.calls.at(-2), callback);
      }
    },
  ],
  [
    'abort-twice',
    'abort() counts once and has no effect after connectionLost',
    async (bench) => {
      const { served, probe, transport } = await bench.open({
        connectionLost: (p) => p.transport.abort(),
      });
      transport.abort();
      transport.abort();
      await probe.untilLost();
      transport.abort();
      await bench.settle();
      assert.equal(probe.count('connectionLost'), 1);
      assert.equal(served.server.stats().closedBy.abort, 1);
    },
  ],
  [
    'abort-drops-input',
    'after abort() nothing more is delivered',
    async (bench) => {
      const { probe, peer } = await bench.open({ dataReceived: (p) => p.transport.abort() });
      peer.write(pattern(1_000_000));
      await probe.untilLost();
      await peer.untilOver();
      assert.equal(probe.count('dataReceived'), 1);
    },
  ],
  [
    'reset',
    'reset() ends with connectionLost(null), and the peer sees a reset',
    async (bench) => {
      const { served, probe, transport, peer } = await bench.open();
      transport.reset();
      assert.equal(transport.isClosing, true);
      assert.equal(await probe.untilLost(), null);
      await peer.untilReset();
      assert.equal(peer.ended, false);
      assert.equal(served.server.stats().closedBy.reset, 1);
    },
  ],
  [
    'reset-drops',
    'reset() drops what is buffered: the peer sees a reset and not all data',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      transport.write(pattern(30_000_000));
      await bench.settle();
      transport.reset();
      assert.equal(await probe.untilLost(), null);
      assert.equal(transport.writeBufferSize, 0);
      peer.resume();
      await peer.untilReset();
      assert.ok(peer.receivedBytes < 30_000_000);
    },
  ],
  [
    'reset-cuts-close',
    'reset() cuts short a close() that is still sending: the peer sees a reset',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      transport.write(pattern(30_000_000));
      transport.close();
      await bench.settle();
      transport.reset();
      assert.equal(await probe.untilLost(), null);
      peer.resume();
      await peer.untilReset();
    },
  ],
  [
    'reset-in-callbacks',
    'reset() in any callback is followed by connectionLost(null) alone',
    async (bench) => {
      for (const callback of callbacks) {
        const served = await bench.serve(endIn(callback, 'reset'));
        const { probe, peer } = await served.connectLate();
        probe.transport.write(pattern(5_000_000));
        peer.write('data');
        await peer.end();
        assert.equal(await probe.untilLost(), null, callback);
        assert.equal(probe.calls.at(-2), callback);
        await peer.untilReset();
      }
    },
  ],
  [
    'reset-half-closed',
    'reset() after writeEof() reaches the peer as a reset after the FIN',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.writeEof();
      await peer.untilEnded();
      transport.reset();
      assert.equal(await probe.untilLost(), null);
      peer.write('anybody there?');
      await bench.settle();
      peer.write('no');
      await peer.untilBroken();
    },
  ],
]);
