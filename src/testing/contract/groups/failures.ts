import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { mock } from 'node:test';
import type { Bench } from '../bench.js';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

const mistake = new Error('a mistake in the protocol');
const fail = () => {
  throw mistake;
};
/** Callbacks that a peer can cause, each with what makes it happen. */
const callbacks = [
  'connectionMade',
  'dataReceived',
  'eofReceived',
  'pauseWriting',
  'resumeWriting',
] as const;

/** Catches process warnings, so that an expected one does not look like trouble. */
function silencedWarnings(bench: Bench): unknown[] {
  const warnings: unknown[] = [];
  const { mock: watched } = mock.method(process, 'emitWarning', (warning: unknown) => {
    warnings.push(warning);
  });
  bench.finally(() => watched.restore());
  return warnings;
}

export const failures = promises('failures', 'a callback that throws ends its connection only', [
  [
    'each-callback',
    'an error thrown in any callback is what connectionLost gets, and nothing else is called',
    async (bench) => {
      for (const callback of callbacks) {
        const served = await bench.serve({ [callback]: fail });
        const { probe, peer } = await served.connectLate();
        probe.transport.write(pattern(10_000_000));
        peer.write('data');
        await peer.end();
        assert.equal(await probe.untilLost(), mistake, callback);
        assert.equal(probe.count(callback), 1);
        assert.deepEqual(probe.calls.slice(-2), [callback, 'connectionLost']);
        await peer.untilOver();
        assert.deepEqual(await served.takeErrors(), [{ error: mistake, transport: probe.raw }]);
        assert.equal(served.server.stats().closedBy['protocol-error'], 1);
        assert.equal(served.server.stats().callbackErrors, 1);
      }
    },
  ],
  [
    'made-closes',
    'after an error in connectionMade the connection does not stay open and no data is delivered',
    async (bench) => {
      const served = await bench.serve({ connectionMade: fail });
      const { probe, peer } = await served.connectLate((p) => p.write('data'));
      await probe.untilLost();
      await peer.untilOver();
      assert.equal(probe.story, 'connectionMade connectionLost');
      await served.takeErrors();
    },
  ],
  [
    'pause-does-not-throw',
    'an error in pauseWriting does not come out of the write that caused it',
    async (bench) => {
      const { served, probe, transport } = await bench.open(
        { pauseWriting: fail },
        { peerPaused: true },
      );
      transport.write(pattern(10_000_000));
      assert.equal(transport.isClosing, true);
      assert.equal(await probe.untilLost(), mistake);
      await served.takeErrors();
    },
  ],
  [
    'lost',
    'an error in connectionLost is reported, and the connection is over all the same',
    async (bench) => {
      const { served, probe, peer } = await bench.open({ connectionLost: fail });
      await peer.end();
      await probe.untilLost();
      assert.deepEqual(await served.takeErrors(), [{ error: mistake, transport: probe.raw }]);
      await served.untilClosed(1);
      assert.equal(served.server.stats().closedBy.eof, 1);
      assert.equal(probe.count('connectionLost'), 1);
    },
  ],
  [
    'factory',
    'an error in the factory turns that connection away, is reported without a transport, and no other suffers',
    async (bench) => {
      let broken = true;
      const served = await bench.serveWith(() => {
        if (broken) throw mistake;
        return bench.probe();
      });
      const peer = await bench.connectPeer(served.address);
      await peer.untilOver();
      assert.deepEqual(await served.takeErrors(), [{ error: mistake, transport: null }]);
      broken = false;
      await served.connect();
      const { accepted, refused, active } = served.server.stats();
      assert.deepEqual({ accepted, refused, active }, { accepted: 2, refused: 1, active: 1 });
    },
  ],
  [
    'factory-result',
    'a factory that returns no protocol is a TypeError that is reported, and that connection is turned away',
    async (bench) => {
      for (const result of [
        undefined,
        null,
        42,
        {},
        { getBuffer() {} },
        () => {},
        Promise.resolve({}),
      ]) {
        const served = await bench.serveRaw(() => result as never);
        const peer = await bench.connectPeer(served.address);
        await peer.untilOver();
        const [told] = await served.takeErrors();
        assert.ok(told?.error instanceof TypeError, String(result));
        assert.match(told.error.message, /protocol must be an object with dataReceived/);
        assert.equal(served.server.stats().refused, 1);
      }
    },
  ],
  [
    'not-an-error',
    'a thrown value that is no Error is wrapped in one that has it as its cause',
    async (bench) => {
      for (const value of ['text', 0, undefined, null, { code: 1 }]) {
        const { served, probe, peer } = await bench.open({
          dataReceived: () => {
            throw value;
          },
        });
        peer.write('data');
        const error = await probe.untilLost();
        assert.ok(error instanceof Error);
        assert.equal(error.cause, value);
        await served.takeErrors();
      }
    },
  ],
  [
    'no-more-data',
    'after an error in dataReceived nothing more is delivered',
    async (bench) => {
      const { served, probe, peer } = await bench.open({ dataReceived: fail });
      peer.write(pattern(1_000_000));
      await peer.end();
      await probe.untilLost();
      assert.equal(probe.story, 'connectionMade dataReceived connectionLost');
      assert.equal(probe.count('dataReceived'), 1);
      await served.takeErrors();
    },
  ],
  [
    'others-unharmed',
    'an error in one connection leaves the others unharmed, even in the same turn',
    async (bench) => {
      let calls = 0;
      const served = await bench.serve({
        dataReceived: (probe, data) => {
          if (++calls % 3 === 0) throw mistake;
          probe.transport.write(data);
        },
      });
      const connections = [];
      for (let i = 0; i < 30; i++) connections.push(await served.connect());
      for (const { peer } of connections) peer.write('hello');
      const outcomes = connections.map(async ({ peer }) => {
        await peer.untilOverOr(5);
        return peer.received.toString();
      });
      const replies = await Promise.all(outcomes);
      assert.equal(replies.filter((reply) => reply === 'hello').length, 20);
      assert.equal((await served.takeErrors(10)).length, 10);
    },
  ],
  [
    'channel',
    'an error in a callback is published on hawser:error with its transport',
    async (bench) => {
      const told: unknown[] = [];
      const listener = (message: unknown) => told.push(message);
      diagnostics.subscribe('hawser:error', listener);
      bench.finally(() => diagnostics.unsubscribe('hawser:error', listener));
      const { served, probe, peer } = await bench.open({ dataReceived: fail });
      peer.write('data');
      await probe.untilLost();
      await served.takeErrors();
      assert.deepEqual(told, [{ error: mistake, transport: probe.raw }]);
    },
  ],
  [
    'hook',
    'an error in the onError hook becomes a process warning and stops nothing',
    async (bench) => {
      const { probe, peer, served } = await bench.open({ dataReceived: fail }, { onError: fail });
      const warnings = silencedWarnings(bench);
      peer.write('data');
      assert.equal(await probe.untilLost(), mistake);
      await bench.untilTrue('a process warning', () => warnings.length > 0);
      assert.match(warnings.join(), /onError hook failed: .*a mistake in the protocol/);
      await served.connect();
    },
  ],
  [
    'hook-async',
    'an onError hook that rejects becomes a process warning and stops nothing',
    async (bench) => {
      const onError = (async () => fail()) as () => void;
      const { probe, peer, served } = await bench.open({ dataReceived: fail }, { onError });
      const warnings = silencedWarnings(bench);
      peer.write('data');
      assert.equal(await probe.untilLost(), mistake);
      await bench.untilTrue('a process warning', () => warnings.length > 0);
      assert.match(warnings.join(), /onError hook failed: .*a mistake in the protocol/);
      await served.connect();
    },
  ],
]);
