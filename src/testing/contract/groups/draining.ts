import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

export const draining = promises('draining', 'a server ends its connections as told', [
  [
    'deadline',
    'close({ drainTimeoutMs }) aborts what is still open then, and counts it as such',
    async (bench) => {
      const served = await bench.serve();
      const [first, second] = [await served.connect(), await served.connect()];
      await bench.within('close()', served.server.close({ drainTimeoutMs: 30 }));
      for (const { probe, peer } of [first, second]) {
        assert.equal(probe.lostError, null);
        await peer.untilEnded();
      }
      assert.equal(served.server.stats().closedBy['drain-deadline'], 2);
    },
  ],
  [
    'deadline-zero',
    'close({ drainTimeoutMs: 0 }) aborts without waiting',
    async (bench) => {
      const served = await bench.serve();
      const { probe } = await served.connect();
      await bench.within('close()', served.server.close({ drainTimeoutMs: 0 }));
      assert.equal(probe.count('connectionLost'), 1);
    },
  ],
  [
    'deadline-not-needed',
    'close({ drainTimeoutMs }) resolves as soon as the last connection is over',
    async (bench) => {
      const served = await bench.serve();
      const { peer } = await served.connect();
      const closed = served.server.close({ drainTimeoutMs: 60_000 });
      await peer.end();
      await bench.within('close()', closed);
      assert.equal(served.server.stats().closedBy['drain-deadline'], 0);
    },
  ],
  [
    'deadline-later',
    'a deadline can be set by a second close()',
    async (bench) => {
      const served = await bench.serve();
      const { probe } = await served.connect();
      const patient = served.server.close();
      await bench.settle();
      assert.equal(probe.count('connectionLost'), 0);
      await served.server.close({ drainTimeoutMs: 1 });
      await bench.within('the first close()', patient);
    },
  ],
  [
    'flushes',
    'a drain lets connections send what they have',
    async (bench) => {
      const { served, transport, peer } = await bench.open({}, { peerPaused: true });
      const sent = pattern(10_000_000);
      transport.write(sent);
      transport.close();
      const closed = served.server.close({ drainTimeoutMs: 60_000 });
      peer.resume();
      assert.ok((await peer.untilEnded()).equals(sent));
      await bench.within('close()', closed);
    },
  ],
  [
    'deadline-cuts-flush',
    'the deadline cuts off a connection whose peer does not read',
    async (bench) => {
      const { served, probe, transport } = await bench.open({}, { peerPaused: true });
      transport.write(pattern(30_000_000));
      transport.close();
      await bench.within('close()', served.server.close({ drainTimeoutMs: 20 }));
      assert.equal(probe.count('connectionLost'), 1);
      assert.equal(served.server.stats().closedBy['drain-deadline'], 1);
    },
  ],
  [
    'close-transports',
    'closeTransports() closes every connection in order: what was written is sent',
    async (bench) => {
      const served = await bench.serve();
      const connections = [await served.connect(), await served.connect(), await served.connect()];
      for (const { transport } of connections) transport.write('goodbye');
      served.server.closeTransports();
      for (const { probe, peer } of connections) {
        assert.equal(String(await peer.untilEnded()), 'goodbye');
        assert.equal(await probe.untilLost(), null);
      }
      assert.equal(served.server.stats().closedBy.close, 3);
      assert.equal(served.server.isServing, true);
      await served.connect();
    },
  ],
  [
    'abort-transports',
    'abortTransports() aborts every connection',
    async (bench) => {
      const served = await bench.serve();
      const connections = [await served.connect(), await served.connect(), await served.connect()];
      for (const { transport } of connections) transport.write(pattern(20_000_000));
      served.server.abortTransports();
      for (const { probe, peer } of connections) {
        assert.equal(await probe.untilLost(), null);
        await peer.untilEnded();
      }
      assert.equal(served.server.stats().closedBy.abort, 3);
      assert.equal(served.server.isServing, true);
    },
  ],
  [
    'graceful-stop',
    'close(), closeTransports() and a deadline together end a server with idle, busy and stuck connections',
    async (bench) => {
      const served = await bench.serve();
      const [idle, busy] = [await served.connect(), await served.connect()];
      const stuck = await served.connect(true);
      busy.transport.write(pattern(5_000_000));
      stuck.transport.write(pattern(30_000_000));
      const closed = served.server.close();
      served.server.closeTransports();
      assert.equal((await idle.peer.untilEnded()).length, 0);
      assert.equal((await busy.peer.untilEnded()).length, 5_000_000);
      await served.untilClosed(2);
      await bench.within('close()', served.server.close({ drainTimeoutMs: 10 }));
      await closed;
      const { closedBy } = served.server.stats();
      assert.deepEqual([closedBy.close, closedBy['drain-deadline']], [2, 1]);
    },
  ],
  [
    'queued-at-close',
    'a connection that waits in the accept queue at close() ends instead of hanging',
    async (bench) => {
      const served = await bench.serve();
      served.server.suspend();
      const peer = await bench.connectPeer(served.address);
      await served.server.close();
      await peer.untilOver();
      assert.equal(served.probes.length, 0);
    },
  ],
]);
