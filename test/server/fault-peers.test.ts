import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect as netConnect, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createServer,
  type Protocol,
  type Server,
  type ServerOptions,
  type Transport,
} from 'hawser';
import { echo, engines, portOf, rawClient } from './echo.js';

const TIMEOUT_MS = 60_000;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(factory: () => Protocol, options: ServerOptions): Promise<Server> {
  const server = await createServer(factory, { host: '127.0.0.1', ...options });
  cleanups.push(() => server.close({ drainTimeoutMs: 0 }));
  return server;
}

async function client(server: Server): Promise<Socket> {
  const socket = await rawClient({ host: '127.0.0.1', port: portOf(server) });
  cleanups.push(() => socket.destroy());
  return socket;
}

/** Everything that comes before the end, or the error. */
async function outcome(socket: Socket): Promise<string> {
  try {
    return Buffer.concat(await socket.toArray()).toString();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code as string;
  }
}

/** How many sockets this process has. */
function socketCount(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch (error) {
      // The descriptor that listed the folder.
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
      return false;
    }
  }).length;
}

/** Resolves when the server has no connection. */
async function empty(server: Server): Promise<void> {
  while (server.transports.size > 0) await new Promise((resolve) => setImmediate(resolve));
}

for (const engine of engines) {
  describe(`peers at their worst on the ${engine} engine`, { timeout: TIMEOUT_MS }, () => {
    it('a client that resets while it waits to be accepted is accepted and lost', async () => {
      const ends: unknown[] = [];
      const server = await serve(
        () => ({
          dataReceived() {},
          connectionLost: (error) => void ends.push((error as NodeJS.ErrnoException | null)?.code),
        }),
        { engine },
      );
      server.suspend();
      const gone = await client(server);
      gone.write('lost');
      gone.resetAndDestroy();
      await once(gone, 'close');
      server.resume();
      while (ends.length === 0) await sleep(5);
      assert.deepEqual(ends, ['ECONNRESET']);
      assert.equal(server.stats().closedBy['peer-reset'], 1);
    });

    it('a client that has finished before it is accepted gets its answer', async () => {
      const server = await serve(echo, { engine });
      server.suspend();
      const early = await client(server);
      early.end('early');
      await once(early, 'finish');
      server.resume();
      assert.equal(await outcome(early), 'early');
      await empty(server);
      assert.equal(server.stats().closedBy.eof, 1);
    });

    it('a client that never reads keeps a closing connection until the drain deadline', async () => {
      const bytes = 50_000_000;
      const server = await serve(
        () => ({
          connectionMade(transport) {
            transport.write(Buffer.alloc(bytes));
            transport.close();
          },
          dataReceived() {},
        }),
        { engine },
      );
      const deaf = await client(server);
      deaf.pause();
      while (server.stats().active === 0) await sleep(5);
      const [transport] = [...server.transports] as [Transport];
      await sleep(100);
      assert.ok(transport.writeBufferSize > 0, 'most of it waits');
      await server.close({ drainTimeoutMs: 100 });
      const { closedBy, bytesWritten, active } = server.stats();
      assert.deepEqual([closedBy['drain-deadline'], active], [1, 0]);
      assert.ok(bytesWritten > 0 && bytesWritten < bytes, `${bytesWritten} bytes written`);
    });

    it('both sides close 300 connections at the same moment: each ends once, in order', async () => {
      const connections = 300;
      const ends: (Error | null)[] = [];
      const server = await serve(
        () => ({ dataReceived() {}, connectionLost: (error) => void ends.push(error) }),
        { engine },
      );
      const before = socketCount();
      const clients = await Promise.all(Array.from({ length: connections }, () => client(server)));
      while (server.transports.size < connections) await sleep(5);
      for (const socket of clients) {
        socket.resume();
        socket.end('last words');
      }
      server.closeTransports();
      await Promise.all(clients.map((socket) => once(socket, 'close')));
      await empty(server);
      assert.deepEqual(ends, Array(connections).fill(null));
      assert.equal(server.stats().closed, connections);
      while (socketCount() > before) await sleep(10);
    });

    it('a peer that goes on sending is listened to for lingerTimeoutMs after close(), no longer', async () => {
      const lingerTimeoutMs = 300;
      const server = await serve(
        () => {
          let transport: Transport;
          return {
            connectionMade(made) {
              transport = made;
            },
            dataReceived() {
              transport.write('enough');
              transport.close();
            },
          };
        },
        { engine, lingerTimeoutMs },
      );
      const talker = await client(server);
      talker.on('error', () => {});
      const heard: Buffer[] = [];
      talker.on('data', (chunk) => void heard.push(chunk));
      const begin = performance.now();
      const talking = setInterval(() => talker.write('and another thing '.repeat(100)), 5);
      await new Promise((resolve) => talker.once('close', resolve));
      clearInterval(talking);
      const tookMs = performance.now() - begin;
      assert.equal(Buffer.concat(heard).toString(), 'enough');
      assert.ok(tookMs >= lingerTimeoutMs - 20, `cut off after ${tookMs} ms`);
      assert.equal(server.stats().closedBy.close, 1);
    });

    it('a flood of connections while close() drains is turned away, and close() resolves', async () => {
      const server = await serve(echo, { engine });
      const last = await client(server);
      last.write('x');
      await once(last, 'data');
      const port = portOf(server);
      const closing = server.close();
      const floods = Array.from({ length: 200 }, () => {
        const socket = netConnect({ host: '127.0.0.1', port });
        return outcome(socket);
      });
      last.write('still served');
      assert.equal(String((await once(last, 'data'))[0]), 'still served');
      assert.deepEqual([...new Set(await Promise.all(floods))], ['ECONNREFUSED']);
      last.end();
      await closing;
      assert.deepEqual([server.stats().accepted, server.stats().closed], [1, 1]);
    });
  });
}

describe('an accept queue that overflows', {
  timeout: TIMEOUT_MS,
  skip: engines.includes('native') ? false : 'node:net accepts all the time',
}, () => {
  it('holds backlog + 1 clients, and everybody is served when accepting goes on', async () => {
    const backlog = 4;
    const server = await serve(echo, { engine: 'native', backlog });
    server.suspend();
    // The kernel drops the SYN of whoever finds the queue full; they try again after a second.
    const clients = Array.from({ length: 12 }, () => {
      const socket = netConnect({ host: '127.0.0.1', port: portOf(server) });
      cleanups.push(() => socket.destroy());
      return socket;
    });
    const queue = () => server.sockets[0]!.tcpInfo();
    while ((queue().acceptQueueLength as number) <= backlog) await sleep(5);
    assert.equal(queue().acceptQueueLength, backlog + 1);
    assert.equal(server.stats().accepted, 0);
    server.resume();
    const answers = clients.map(async (socket, i) => {
      socket.write(`client ${i}`);
      const [answer] = await once(socket, 'data');
      return String(answer);
    });
    const expected = clients.map((_, i) => `client ${i}`);
    assert.deepEqual(await Promise.all(answers), expected);
    assert.equal(server.stats().accepted, clients.length);
  });
});
