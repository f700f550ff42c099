import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SocketOptionError, type SocketOptionName } from 'hawser';
import { NodeEngine } from '#hawser/engine/node/engine';
import { KernelSocket } from '#hawser/options/access';
import { binding, connectTo, needsAddon, serve } from './connections.js';

/** An option as the kernel has it, whatever the engine can read. */
function kernelValue(fd: number, name: SocketOptionName): unknown {
  const socket = new KernelSocket({ calls: binding!, fd: () => fd, kind: 'connection', asked: [] });
  return socket.get(name);
}

describe('socket options on node:net without the addon', () => {
  test('what Node offers is set before connectionMade', needsAddon, async () => {
    const seen: unknown[] = [];
    const connectionOptions = { SO_KEEPALIVE: true, TCP_KEEPIDLE: 1800 };
    await using served = await serve({ connectionOptions }, ({ socket }) => {
      for (const name of ['TCP_NODELAY', 'SO_KEEPALIVE', 'TCP_KEEPIDLE'] as const) {
        seen.push(kernelValue(socket.fd, name));
      }
    });
    const client = await connectTo(served.server.addresses[0]);
    client.write('x');
    await served.until(0, ({ text }) => text === 'x');
    assert.deepEqual(seen, [true, true, 1800]);
    client.destroy();
  });

  test('TCP_NODELAY can be left off', needsAddon, async () => {
    await using served = await serve({ connectionOptions: { TCP_NODELAY: false } });
    const client = await connectTo(served.server.addresses[0]);
    client.write('x');
    await served.until(0, ({ text }) => text === 'x');
    const { socket } = served.recorders[0]!.transport;
    assert.equal(kernelValue(socket.fd, 'TCP_NODELAY'), false);
    socket.set('TCP_NODELAY', true);
    assert.equal(kernelValue(socket.fd, 'TCP_NODELAY'), true);
    client.destroy();
  });

  test('a value out of range, and a closed socket, are told as such', async () => {
    await using served = await serve({});
    const client = await connectTo(served.server.addresses[0]);
    client.end('x');
    await served.until(0, ({ text }) => text === 'x');
    const { transport } = served.recorders[0]!;
    const { socket } = transport;
    assert.throws(() => socket.set('TCP_KEEPIDLE', 0), /1 to 32767/);
    transport.abort();
    assert.equal(socket.fd, -1);
    assert.throws(() => socket.set('TCP_NODELAY', false), /the socket is closed/);
  });

  test('the report says what was set and that it cannot be read back', async () => {
    await using served = await serve({ connectionOptions: { SO_KEEPALIVE: true } });
    const client = await connectTo(served.server.addresses[0]);
    client.write('x');
    await served.until(0, ({ text }) => text === 'x');
    const rows = served.recorders[0]!.transport.socket.report();
    assert.deepEqual(
      rows.map(({ name, asked, got }) => [name, asked, got]),
      [
        ['TCP_NODELAY', true, undefined],
        ['SO_KEEPALIVE', true, undefined],
      ],
    );
    for (const { reason } of rows) assert.match(String(reason), /cannot read it back/);
    client.destroy();
  });
});

describe('socket options on node:net with the addon', needsAddon, () => {
  test('a connection that came before the listener’s options were set has them all the same', async () => {
    const connectionOptions = { TCP_USER_TIMEOUT: 30_000, SO_RCVBUF: 65_536 };
    const engine = new NodeEngine(binding);
    await using served = await serve({ engine, connectionOptions });
    // As for a client whose handshake ended between listen(2) and setsockopt(2).
    served.server.sockets[0]!.set('TCP_USER_TIMEOUT', 0);
    const client = await connectTo(served.server.addresses[0]);
    client.write('x');
    await served.until(0, ({ text }) => text === 'x');
    const { socket } = served.recorders[0]!.transport;
    assert.equal(socket.get('TCP_USER_TIMEOUT'), 30_000);
    assert.equal(socket.get('SO_RCVBUF'), 2 * 65_536);
    client.destroy();
  });

  test('an option that the kernel refuses turns the connection away and is reported', async () => {
    const errors: Error[] = [];
    const engine = new NodeEngine(binding);
    await using served = await serve({
      engine,
      connectionOptions: { TCP_ULP: 'nothing' },
      onError: (error) => errors.push(error),
    });
    const client = await connectTo(served.server.addresses[0]);
    await new Promise((resolve) => client.resume().once('close', resolve).once('end', resolve));
    assert.ok(errors[0] instanceof SocketOptionError);
    assert.equal(errors[0].option, 'TCP_ULP');
    assert.equal(served.server.stats().refused, 1);
    client.destroy();
  });
});
