import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

export const stats = promises('stats', 'a server counts what happens', [
  [
    'zero',
    'the counters of a new server are 0',
    async (bench) => {
      const { server } = await bench.serve();
      const { closedBy, refusedBy, ...numbers } = server.stats();
      const values = [numbers, closedBy, refusedBy].flatMap((record) => Object.values(record));
      assert.deepEqual([...new Set(values)], [0]);
    },
  ],
  [
    'frozen',
    'stats() is a frozen snapshot that later events do not change',
    async (bench) => {
      const served = await bench.serve();
      const before = served.server.stats();
      await served.connect();
      assert.equal(before.accepted, 0);
      assert.ok(Object.isFrozen(before) && Object.isFrozen(before.closedBy));
      assert.equal(served.server.stats().accepted, 1);
      assert.equal(served.server.stats().active, 1);
    },
  ],
  [
    'by-cause',
    'every way to end is counted under its own name, and nothing twice',
    async (bench) => {
      const served = await bench.serve({
        dataReceived: () => {
          throw new Error('a mistake');
        },
      });
      const end = {
        eof: async () => (await served.connect()).peer.end(),
        close: async () => (await served.connect()).transport.close(),
        abort: async () => (await served.connect()).transport.abort(),
        reset: async () => (await served.connect()).transport.reset(),
        'peer-reset': async () => (await served.connect()).peer.reset(),
        'protocol-error': async () => (await served.connect()).peer.write('data'),
      };
      let count = 0;
      for (const [cause, act] of Object.entries(end)) {
        await act();
        await served.untilClosed(++count);
        assert.equal(served.server.stats().closedBy[cause as keyof typeof end], 1, cause);
      }
      const { closed, closedBy } = served.server.stats();
      assert.equal(
        closed,
        Object.values(closedBy).reduce((sum, n) => sum + n, 0),
      );
      await served.takeErrors();
    },
  ],
  [
    'bytes',
    'bytes in and out are counted while connections live and after they are over',
    async (bench) => {
      const served = await bench.serve({ dataReceived: (p, data) => p.transport.write(data) });
      const [first, second] = [await served.connect(), await served.connect()];
      first.peer.write(pattern(100_000));
      second.peer.write(pattern(23_456));
      await first.peer.untilReceived(100_000);
      await second.peer.untilReceived(23_456);
      const counted = () => {
        const { bytesRead, bytesWritten } = served.server.stats();
        return [bytesRead, bytesWritten];
      };
      assert.deepEqual(counted(), [123_456, 123_456]);
      await first.peer.end();
      await first.probe.untilLost();
      assert.deepEqual(counted(), [123_456, 123_456]);
      await second.peer.reset();
      await second.probe.untilLost();
      assert.deepEqual(counted(), [123_456, 123_456]);
    },
  ],
  [
    'active-in-callbacks',
    'a connection is active from connectionMade up to and including connectionLost',
    async (bench) => {
      const seen: number[] = [];
      const look = (probe: { raw: { server: { stats(): { active: number } } | null } }) =>
        seen.push(probe.raw.server?.stats().active ?? -1);
      const { served, probe, peer } = await bench.open({
        connectionMade: look,
        connectionLost: look,
      });
      await peer.end();
      await probe.untilLost();
      await served.untilClosed(1);
      assert.deepEqual(seen, [1, 1]);
      assert.equal(served.server.stats().active, 0);
    },
  ],
  [
    'channels',
    'hawser:connection and hawser:close tell of every connection, with its cause and error',
    async (bench) => {
      const told: unknown[] = [];
      const onOpen = (message: unknown) => told.push(['open', message]);
      const onClose = (message: unknown) => told.push(['close', message]);
      diagnostics.subscribe('hawser:connection', onOpen);
      diagnostics.subscribe('hawser:close', onClose);
      bench.finally(() => {
        diagnostics.unsubscribe('hawser:connection', onOpen);
        diagnostics.unsubscribe('hawser:close', onClose);
      });
      const { served, probe, peer } = await bench.open();
      await peer.reset();
      const error = await probe.untilLost();
      await served.untilClosed(1);
      assert.deepEqual(told, [
        ['open', { transport: probe.raw }],
        ['close', { transport: probe.raw, cause: 'peer-reset', error }],
      ]);
    },
  ],
  [
    'storm',
    'with connections that end in every way at once the counters still add up',
    async (bench) => {
      const served = await bench.serve({ dataReceived: (p, data) => p.transport.write(data) });
      const ways = [
        (c: Awaited<ReturnType<typeof served.connectAnother>>) => c.peer.end(),
        (c: Awaited<ReturnType<typeof served.connectAnother>>) => c.peer.reset(),
        (c: Awaited<ReturnType<typeof served.connectAnother>>) => c.peer.destroy(),
        (c: Awaited<ReturnType<typeof served.connectAnother>>) => c.transport.close(),
        (c: Awaited<ReturnType<typeof served.connectAnother>>) => c.transport.abort(),
        (c: Awaited<ReturnType<typeof served.connectAnother>>) => c.transport.reset(),
      ];
      const lives = Array.from({ length: 90 }, async (_, i) => {
        const connection = await served.connectAnother();
        connection.peer.write(pattern((i * 997) % 5000));
        await ways[i % ways.length]?.(connection);
        await connection.probe.untilLost();
      });
      await Promise.all(lives);
      await served.untilClosed(90);
      const { accepted, active, closedBy } = served.server.stats();
      assert.deepEqual([accepted, active], [90, 0]);
      assert.equal(
        Object.values(closedBy).reduce((sum, n) => sum + n, 0),
        90,
      );
    },
  ],
]);
