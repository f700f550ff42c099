import assert from 'node:assert/strict';
import { createServer } from '../../../server.js';
import type { Bench } from '../bench.js';
import { promises } from '../promise.js';

async function assertRefused(bench: Bench, address: Parameters<Bench['connectPeer']>[0]) {
  await assert.rejects(bench.connectPeer(address), { code: 'ECONNREFUSED' });
}

export const serving = promises('serving', 'a server begins, rests and ends as told', [
  [
    'engine-name',
    'server.engine is the name of the engine',
    async (bench) => {
      const { server } = await bench.serve();
      assert.equal(server.engine, bench.setup.engine.name);
    },
  ],
  [
    'serving-at-once',
    'a server serves when createServer() resolves',
    async (bench) => {
      const served = await bench.serve();
      assert.equal(served.server.isServing, true);
      await served.connect();
    },
  ],
  [
    'not-yet',
    'with startServing false the address is taken but connections are refused until startServing()',
    async (bench) => {
      const served = await bench.serve({}, { startServing: false });
      assert.equal(served.server.isServing, false);
      assert.equal(served.server.addresses.length, 1);
      await assertRefused(bench, served.address);
      await served.server.startServing();
      assert.equal(served.server.isServing, true);
      await served.connect();
    },
  ],
  [
    'start-idempotent',
    'startServing() counts once',
    async (bench) => {
      const served = await bench.serve();
      await served.server.startServing();
      await served.server.startServing();
      await served.connect();
      assert.equal(served.probes.length, 1);
    },
  ],
  [
    'start-closed',
    'startServing() and serveForever() reject on a closed server',
    async (bench) => {
      const { server } = await bench.serve();
      await server.close();
      await assert.rejects(server.startServing(), { code: 'ERR_SERVER_NOT_RUNNING' });
      await assert.rejects(server.serveForever(), { code: 'ERR_SERVER_NOT_RUNNING' });
    },
  ],
  [
    'serve-forever',
    'serveForever() starts serving and resolves when the server has closed',
    async (bench) => {
      const served = await bench.serve({}, { startServing: false });
      const over = [served.server.serveForever(), served.server.serveForever()];
      const { probe } = await served.connect();
      let isOver = false;
      void over[0]?.then(() => {
        isOver = true;
      });
      const closed = served.server.close();
      await bench.settle();
      assert.equal(isOver, false);
      probe.transport.close();
      await bench.within('serveForever()', Promise.all([...over, closed]));
    },
  ],
  [
    'close-refuses',
    'after close() connections are refused, and the address can be taken again at once',
    async (bench) => {
      const served = await bench.serve();
      const { address } = served;
      await served.connect();
      const closed = served.server.close();
      assert.equal(served.server.isServing, false);
      await assertRefused(bench, address);
      assert.ok(address.family !== 'unix');
      const next = await bench.serve({}, { host: address.host, port: address.port });
      assert.equal(String(next.address), String(address));
      served.server.abortTransports();
      await bench.within('close()', closed);
    },
  ],
  [
    'close-keeps-connections',
    'close() leaves existing connections alone and resolves when the last is over',
    async (bench) => {
      const served = await bench.serve({ dataReceived: (p, data) => p.transport.write(data) });
      const { peer, probe } = await served.connect();
      let resolved = false;
      const closed = served.server.close().then(() => {
        resolved = true;
      });
      peer.write('still served');
      assert.equal(String(await peer.untilReceived(12)), 'still served');
      assert.equal(resolved, false);
      await peer.end();
      await bench.within('close()', closed);
      assert.equal(probe.count('connectionLost'), 1);
    },
  ],
  [
    'close-idempotent',
    'close() may be called any number of times; every call waits for the end',
    async (bench) => {
      const served = await bench.serve();
      const { probe } = await served.connect();
      const closed = [served.server.close(), served.server.close(), served.server.close()];
      probe.transport.close();
      await bench.within('close()', Promise.all(closed));
      await bench.within('close() of a closed server', served.server.close());
    },
  ],
  [
    'close-in-callback',
    'close() in connectionMade of the very connection that was just accepted works',
    async (bench) => {
      const served = await bench.serve({
        connectionMade: (probe) => void probe.transport.server?.close(),
      });
      const { probe, peer } = await served.connectLate();
      await peer.end();
      await probe.untilLost();
      await bench.within('close()', served.server.close());
    },
  ],
  [
    'closed-server-has-nothing',
    'a closed server has no sockets and no transports and keeps its addresses and counters',
    async (bench) => {
      const served = await bench.serve();
      const { probe } = await served.connect();
      probe.transport.close();
      await probe.untilLost();
      await served.server.close();
      assert.deepEqual(served.server.sockets, []);
      assert.equal(served.server.transports.size, 0);
      assert.equal(served.server.addresses.length, 1);
      assert.equal(served.server.stats().accepted, 1);
    },
  ],
  [
    'signal',
    'aborting the signal closes the server and leaves connections alone',
    async (bench) => {
      const stop = new AbortController();
      const served = await bench.serve({}, { signal: stop.signal });
      const { peer } = await served.connect();
      const over = served.server.serveForever();
      stop.abort();
      assert.equal(served.server.isServing, false);
      await assertRefused(bench, served.address);
      await peer.end();
      await bench.within('the server to close', over);
    },
  ],
  [
    'signal-before',
    'a signal that was aborted before makes createServer() reject with its reason',
    async (bench) => {
      const reason = new Error('changed our mind');
      const server = bench.serve({}, { signal: AbortSignal.abort(reason) });
      await assert.rejects(server, (error) => error === reason);
    },
  ],
  [
    'dispose',
    'await using closes the server and its connections in order',
    async (bench) => {
      let peer: Awaited<ReturnType<Bench['connectPeer']>>;
      const lost: unknown[] = [];
      {
        await using server = await createServer(
          () => ({ dataReceived() {}, connectionLost: (error) => lost.push(error) }),
          { host: '127.0.0.1', engine: bench.setup.engine },
        );
        peer = await bench.connectPeer(server.addresses[0]!);
        await bench.untilTrue('a connection', () => server.transports.size === 1);
      }
      assert.deepEqual(lost, [null]);
      assert.equal((await peer.untilEnded()).length, 0);
    },
  ],
  [
    'no-connections',
    'close() of a server without connections resolves at once',
    async (bench) => {
      const { server } = await bench.serve();
      await bench.within('close()', server.close());
    },
  ],
]);
