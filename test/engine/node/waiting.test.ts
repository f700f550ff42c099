import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';
import type { IpAddress } from 'hawser';
import { connectTo, serve } from './connections.js';

describe('clients that a node:net listener accepts and may not serve yet', () => {
  test('wait for startServing() and are served in their order, with what they sent', async () => {
    await using served = await serve({ startServing: false });
    const { server, recorders } = served;
    const clients = [];
    for (const text of ['first', 'second', 'third']) {
      const client = await connectTo(server.addresses[0]);
      client.end(text);
      clients.push(client);
    }
    assert.equal(recorders.length, 0);
    await server.startServing();
    assert.equal(recorders.length, 0, 'nobody is called inside startServing()');
    await served.until(2, ({ text }) => text === 'third');
    assert.deepEqual(
      recorders.map(({ text }) => text),
      ['first', 'second', 'third'],
    );
    for (const client of clients) client.destroy();
  });

  test('are turned away with a reset, counted and reported when more wait than the backlog', async () => {
    const errors: Error[] = [];
    await using served = await serve({ backlog: 2, onError: (error) => errors.push(error) });
    const { server } = served;
    server.suspend();
    const waiting = [await connectTo(server.addresses[0]), await connectTo(server.addresses[0])];
    const { port } = server.addresses[0] as IpAddress;
    const extra = net.connect(port, '127.0.0.1').resume();
    const [error] = (await once(extra, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    assert.match(
      errors.map(String).join(),
      /^Error: a client was turned away.*2 clients wait already$/,
    );
    const { accepted, refused, active } = server.stats();
    assert.deepEqual({ accepted, refused, active }, { accepted: 1, refused: 1, active: 0 });
    server.resume();
    for (const client of waiting) client.write('x');
    await served.until(1, ({ text }) => text === 'x');
    for (const client of waiting) client.destroy();
  });

  test('are reset when the server closes', async () => {
    await using served = await serve({});
    const { server, recorders } = served;
    server.suspend();
    const client = await connectTo(server.addresses[0]);
    const closed = server.close();
    const [error] = (await once(client.resume(), 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    await closed;
    assert.equal(recorders.length, 0);
  });

  test('and have gone again disturb nobody', async () => {
    await using served = await serve({ maxConnections: 1 });
    const { server } = served;
    const first = await connectTo(server.addresses[0]);
    first.write('1');
    await served.until(0, ({ text }) => text === '1');
    const second = await connectTo(server.addresses[0]);
    second.resetAndDestroy();
    const third = await connectTo(server.addresses[0]);
    third.write('3');
    first.destroy();
    await served.until(2, ({ text }) => text === '3');
    assert.notEqual(served.recorders[1]!.lost, undefined);
    third.destroy();
  });
});
