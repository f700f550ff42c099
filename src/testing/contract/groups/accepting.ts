import assert from 'node:assert/strict';
import { promises } from '../promise.js';

export const accepting = promises(
  'accepting',
  'a server accepts as many connections as it should',
  [
    [
      'many',
      '200 connections at once are all accepted, each with a protocol of its own',
      async (bench) => {
        const served = await bench.serve({ dataReceived: (p, data) => p.transport.write(data) });
        const peers = await Promise.all(
          Array.from({ length: 200 }, () => bench.connectPeer(served.address)),
        );
        for (const [i, peer] of peers.entries()) peer.write(`hello ${i}`);
        for (const [i, peer] of peers.entries()) {
          assert.equal(String(await peer.untilReceived(`hello ${i}`.length)), `hello ${i}`);
        }
        assert.equal(new Set(served.probes.map(({ raw }) => raw)).size, 200);
      },
    ],
    [
      'one-after-the-other',
      '200 connections one after the other leave nothing behind',
      async (bench) => {
        const served = await bench.serve({
          dataReceived: ({ transport }, data) => {
            transport.write(data);
            transport.close();
          },
        });
        for (let i = 0; i < 200; i++) {
          const peer = await bench.connectPeer(served.address);
          peer.write('hello');
          assert.equal(String(await peer.untilEnded()), 'hello');
          await peer.destroy();
        }
        await served.untilClosed(200);
      },
    ],
    [
      'suspend',
      'while suspended nothing is accepted; what came then is accepted after resume()',
      async (bench) => {
        const served = await bench.serve();
        served.server.suspend();
        assert.equal(served.server.isServing, true);
        const peers = [
          await bench.connectPeer(served.address),
          await bench.connectPeer(served.address),
        ];
        for (const peer of peers) peer.write('hello');
        await bench.settle();
        assert.equal(served.server.stats().accepted, 0);
        served.server.resume();
        for (let i = 0; i < 2; i++) await (await served.probeAt(i)).untilReceived(5);
      },
    ],
    [
      'suspend-keeps-connections',
      'connections go on while accepting is suspended',
      async (bench) => {
        const { served, peer } = await bench.open({
          dataReceived: (p, data) => p.transport.write(data),
        });
        served.server.suspend();
        peer.write('hello');
        assert.equal(String(await peer.untilReceived(5)), 'hello');
      },
    ],
    [
      'suspend-idempotent',
      'suspend() and resume() count once however often they are called',
      async (bench) => {
        const served = await bench.serve();
        served.server.resume();
        served.server.suspend();
        served.server.suspend();
        served.server.resume();
        await served.connect();
      },
    ],
    [
      'suspend-before-start',
      'a server that was suspended before it served accepts nothing until resume()',
      async (bench) => {
        const served = await bench.serve({}, { startServing: false });
        served.server.suspend();
        await served.server.startServing();
        const peer = await bench.connectPeer(served.address);
        await bench.settle();
        assert.equal(served.probes.length, 0);
        served.server.resume();
        await served.probeAt(0);
        await peer.end();
      },
    ],
    [
      'suspend-in-made',
      'suspend() in connectionMade lets at most those in that were accepted already',
      async (bench) => {
        const served = await bench.serve({
          connectionMade: ({ transport }) => transport.server?.suspend(),
        });
        for (let i = 0; i < 5; i++) {
          await served.connectLate();
          assert.equal(served.probes.length, i + 1);
        }
      },
    ],
    [
      'max-connections',
      'never more than maxConnections are open; the next is accepted as soon as one is over',
      async (bench) => {
        let most = 0;
        const served = await bench.serve(
          {
            connectionMade: ({ transport }) => {
              most = Math.max(most, transport.server?.transports.size ?? 0);
            },
          },
          { maxConnections: 3 },
        );
        const peers = await Promise.all(
          Array.from({ length: 10 }, () => bench.connectPeer(served.address)),
        );
        for (let i = 0; i < 10; i++) {
          const probe = await served.probeAt(i);
          await bench.settle();
          assert.ok(served.server.transports.size <= 3);
          assert.ok(served.probes.length <= i + 3);
          probe.transport.close();
          await probe.untilLost();
        }
        assert.equal(most, 3);
        assert.equal(served.server.stats().accepted, 10);
        for (const peer of peers) await peer.untilEnded();
      },
    ],
    [
      'max-connections-one',
      'maxConnections 1 serves one connection at a time, in the order they came',
      async (bench) => {
        const served = await bench.serve(
          {
            dataReceived: (p, data) => {
              p.transport.write(data);
              p.transport.close();
            },
          },
          { maxConnections: 1 },
        );
        const peers = [];
        for (let i = 0; i < 20; i++) peers.push(await bench.connectPeer(served.address));
        for (const [i, peer] of peers.entries()) peer.write(String(i));
        for (const [i, peer] of peers.entries())
          assert.equal(String(await peer.untilEnded()), String(i));
        assert.deepEqual(
          served.probes.map(({ text }) => text),
          peers.map((_, i) => String(i)),
        );
      },
    ],
    [
      'max-and-suspend',
      'a connection that ends while suspended does not resume accepting',
      async (bench) => {
        const served = await bench.serve({}, { maxConnections: 1 });
        const { probe } = await served.connect();
        served.server.suspend();
        const next = await bench.connectPeer(served.address);
        probe.transport.close();
        await probe.untilLost();
        await bench.settle();
        assert.equal(served.probes.length, 1);
        served.server.resume();
        await served.probeAt(1);
        await next.end();
      },
    ],
    [
      'max-with-refusals',
      'a connection that is turned away does not use up maxConnections',
      async (bench) => {
        let calls = 0;
        const served = await bench.serveWith(
          () => {
            if (++calls <= 5) throw new Error('not yet');
            return bench.probe();
          },
          { maxConnections: 1 },
        );
        for (let i = 0; i < 5; i++) {
          const peer = await bench.connectPeer(served.address);
          await peer.untilOver();
        }
        await served.takeErrors(5);
        await served.connect();
      },
    ],
    [
      'max-per-host',
      'connections of one host beyond maxConnectionsPerHost are closed at once and counted as refused',
      async (bench) => {
        const served = await bench.serve({}, { maxConnectionsPerHost: 2 });
        const { probe } = await served.connect();
        await served.connect();
        const turnedAway = await bench.connectPeer(served.address);
        await turnedAway.untilOver();
        assert.equal(served.server.stats().refusedBy['max-connections-per-host'], 1);
        probe.transport.close();
        await probe.untilLost();
        await bench.untilTrue('room', () => served.server.stats().active === 1);
        await served.connectAnother();
      },
    ],
  ],
);
