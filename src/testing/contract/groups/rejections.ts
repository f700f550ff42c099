import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

const mistake = new Error('a mistake in the protocol');
const fail = () => {
  throw mistake;
};
/** Callbacks that a peer can cause. */
const callbacks = [
  'connectionMade',
  'dataReceived',
  'eofReceived',
  'pauseWriting',
  'resumeWriting',
] as const;

/** What a promise library of old would return: it has `then` and nothing else of a promise. */
class Thenable {
  private readonly error: Error;

  constructor(error: Error) {
    this.error = error;
  }

  // biome-ignore lint/suspicious/noThenProperty: being a thenable is the purpose
  then(_resolve: unknown, reject: (error: Error) => void): void {
    setImmediate(reject, this.error);
  }
}

export const rejections = promises(
  'rejections',
  'an async callback that rejects counts as one that throws',
  [
    [
      'each-callback',
      'a rejection of any async callback is what connectionLost gets, and is reported',
      async (bench) => {
        for (const callback of callbacks) {
          const served = await bench.serve({
            eofReceived: () => true,
            [callback]: async () => fail(),
          });
          const { probe, peer } = await served.connectLate();
          probe.transport.write(pattern(10_000_000));
          peer.write('data');
          await peer.end();
          const expected = callback === 'eofReceived' ? [null, mistake] : [mistake];
          assert.ok(expected.includes(await probe.untilLost()), callback);
          assert.deepEqual(await served.takeErrors(), [{ error: mistake, transport: probe.raw }]);
        }
      },
    ],
    [
      'late',
      'a rejection that comes turns later still ends the connection',
      async (bench) => {
        let reject = (_: Error) => {};
        const { served, probe, peer } = await bench.open({
          dataReceived: () =>
            new Promise((_, no) => {
              reject = no;
            }),
        });
        peer.write('data');
        await probe.untilReceived(4);
        await bench.settle();
        assert.equal(probe.transport.isClosing, false);
        reject(mistake);
        assert.equal(await probe.untilLost(), mistake);
        await served.takeErrors();
      },
    ],
    [
      'after-loss',
      'a rejection after connectionLost, and one of connectionLost itself, is reported and changes nothing',
      async (bench) => {
        let reject = (_: Error) => {};
        const { served, probe, peer } = await bench.open({
          dataReceived: () =>
            new Promise((_, no) => {
              reject = no;
            }),
          connectionLost: async () => fail(),
        });
        peer.write('data');
        await peer.end();
        assert.equal(await probe.untilLost(), null);
        await served.takeErrors();
        reject(mistake);
        assert.deepEqual(await served.takeErrors(), [{ error: mistake, transport: probe.raw }]);
        assert.equal(probe.count('connectionLost'), 1);
        assert.equal(served.server.stats().closedBy.eof, 1);
      },
    ],
    [
      'never-unhandled',
      'no rejection of a callback becomes an unhandled one of the process',
      async (bench) => {
        const unhandled: unknown[] = [];
        const listener = (reason: unknown) => unhandled.push(reason);
        process.on('unhandledRejection', listener);
        bench.finally(() => process.off('unhandledRejection', listener));
        for (const callback of [...callbacks, 'connectionLost']) {
          const served = await bench.serve({ [callback]: async () => fail() });
          const { probe, peer } = await served.connectLate();
          probe.transport.write(pattern(10_000_000));
          peer.write('data');
          await peer.end();
          await probe.untilLost();
          await served.takeErrors();
        }
        await bench.settle();
        assert.deepEqual(unhandled, []);
      },
    ],
    [
      'thenable',
      'any thenable that a callback returns is watched, not only native promises',
      async (bench) => {
        const { served, probe, peer } = await bench.open({
          dataReceived: () => new Thenable(mistake),
        });
        peer.write('data');
        assert.equal(await probe.untilLost(), mistake);
        await served.takeErrors();
      },
    ],
  ],
);
