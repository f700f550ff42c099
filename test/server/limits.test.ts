import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as netConnect, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { createServer, type Server, type ServerOptions } from 'hawser';
import { echo } from './echo.js';

/** A server that echoes, the promise of each connection's end, and clients that are closed afterwards. */
async function echoServer(options: ServerOptions) {
  const ends: (Error | null)[] = [];
  let ended: (() => void) | undefined;
  const server = await createServer(
    () => ({
      ...echo(),
      connectionLost(error) {
        ends.push(error);
        ended?.();
      },
    }),
    { host: '127.0.0.1', ...options },
  );
  const clients: Socket[] = [];
  after(async () => {
    for (const client of clients) client.destroy();
    await server.close();
  });
  return {
    server,
    ends,
    async client(): Promise<Socket> {
      const client = netConnect(portOf(server), '127.0.0.1');
      clients.push(client);
      client.on('error', () => {});
      client.resume();
      await once(client, 'connect');
      return client;
    },
    async nextEnd(): Promise<Error | null | undefined> {
      if (ends.length === 0) await new Promise<void>((resolve) => (ended = resolve));
      return ends[0];
    },
  };
}

function portOf(server: Server): number {
  const address = server.addresses[0];
  assert.ok(address !== undefined && address.family !== 'unix');
  return address.port;
}

for (const engine of ['native', 'node'] as const) {
  describe(`limits on the ${engine} engine`, () => {
    it('idleTimeoutMs ends a connection on which nothing moves, and counts it', async () => {
      const { server, client, nextEnd } = await echoServer({ engine, idleTimeoutMs: 60 });
      await client();
      const error = await nextEnd();
      assert.match(String(error?.message), /idleTimeoutMs 60/);
      assert.equal((error as NodeJS.ErrnoException).code, 'ETIMEDOUT');
      assert.equal(server.stats().closedBy['idle-timeout'], 1);
    });

    it('idleTimeoutMs spares a connection that talks', async () => {
      const { server, client } = await echoServer({ engine, idleTimeoutMs: 400 });
      const socket = await client();
      for (let i = 0; i < 6; i++) {
        socket.write('x');
        await once(socket, 'data');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.equal(server.stats().active, 1);
    });

    it('firstDataTimeoutMs ends a silent connection but not one that spoke', async () => {
      const { server, client, nextEnd } = await echoServer({ engine, firstDataTimeoutMs: 80 });
      const speaker = await client();
      speaker.write('x');
      await once(speaker, 'data');
      await client();
      assert.match(String((await nextEnd())?.message), /firstDataTimeoutMs 80/);
      assert.equal(server.stats().closedBy['first-data-timeout'], 1);
      assert.equal(server.stats().active, 1);
    });

    it('maxLifetimeMs closes a connection in order', async () => {
      const { server, client, nextEnd } = await echoServer({ engine, maxLifetimeMs: 60 });
      const socket = await client();
      const finished = once(socket, 'end');
      assert.equal(await nextEnd(), null);
      await finished;
      assert.equal(server.stats().closedBy['max-lifetime'], 1);
    });

    it('minReadRate cuts off a peer that drips, not one that is silent', async () => {
      const minReadRate = { bytesPerSecond: 1000, windowMs: 150 };
      const { server, client, nextEnd } = await echoServer({ engine, minReadRate });
      const dripper = await client();
      await client();
      const drip = setInterval(() => dripper.write('x'), 20);
      assert.match(String((await nextEnd())?.message), /minReadRate is 1000/);
      clearInterval(drip);
      assert.equal(server.stats().closedBy['min-read-rate'], 1);
      assert.equal(server.stats().active, 1);
    });

    it('maxConnectionsPerHost turns further connections away, and takes others when one leaves', async () => {
      const { server, client, nextEnd } = await echoServer({ engine, maxConnectionsPerHost: 1 });
      const first = await client();
      const second = await client();
      await once(second, 'close');
      assert.deepEqual(server.stats().refusedBy, {
        'setup-error': 0,
        'max-connections-per-host': 1,
      });
      first.end();
      await nextEnd();
      const third = await client();
      third.write('x');
      await once(third, 'data');
      const { accepted, refused, active, closed } = server.stats();
      assert.deepEqual(
        { accepted, refused, active, closed },
        { accepted: 3, refused: 1, active: 1, closed: 1 },
      );
    });

    it('maxConnections pauses accepting, counts it, and goes on when one leaves', async () => {
      const { server, client, nextEnd } = await echoServer({ engine, maxConnections: 1 });
      const first = await client();
      const second = await client();
      second.write('x');
      first.end();
      await nextEnd();
      await once(second, 'data');
      assert.equal(server.stats().acceptPauses, 2);
      assert.equal(server.stats().accepted, 2);
    });
  });
}

describe('limits', () => {
  for (const [name, value] of [
    ['idleTimeoutMs', 0],
    ['firstDataTimeoutMs', -1],
    ['maxLifetimeMs', 1.5],
    ['maxConnections', 0],
    ['maxConnectionsPerHost', Number.NaN],
    ['minReadRate', 0],
  ] as const) {
    it(`${name} ${value} is refused with its range`, async () => {
      await assert.rejects(
        createServer(() => ({ dataReceived() {} }), { [name]: value }),
        {
          code: 'ERR_OUT_OF_RANGE',
          message: new RegExp(`${name} must be a whole number from 1`),
        },
      );
    });
  }
});
