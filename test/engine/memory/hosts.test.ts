import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect, createServer, type Protocol } from 'hawser';
import { createMemoryNetwork } from 'hawser/testing';
import { ipAddress } from '#hawser/address';
import { SocketOptionError } from '#hawser/options/error';

const ignoring = (): Protocol => ({ dataReceived() {} });

describe('hosts', () => {
  test('reach each other by address, and each has a loopback of its own', async () => {
    const network = createMemoryNetwork();
    const other = network.host('10.0.0.9');
    const server = await createServer(ignoring, { engine: other.engine, host: '10.0.0.9' });
    const local = await createServer(ignoring, { engine: other.engine, host: '127.0.0.1' });
    const peer = await network.connectPeer(server.addresses[0]!);
    assert.match(String(peer.localAddress), /^10\.0\.0\.1:/);
    await assert.rejects(network.connectPeer(local.addresses[0]!), { code: 'ECONNREFUSED' });
    await other.connectPeer(local.addresses[0]!);
    network.stop();
  });

  test('bind only to what is theirs', async () => {
    const network = createMemoryNetwork();
    await assert.rejects(createServer(ignoring, { engine: network.engine, host: '10.0.0.77' }), {
      code: 'EADDRNOTAVAIL',
      message: 'listen EADDRNOTAVAIL 10.0.0.77:0',
    });
  });

  test('give a port to one socket only, wildcards included, unless both ask for SO_REUSEPORT', async () => {
    const network = createMemoryNetwork();
    const { engine } = network;
    const all = await createServer(ignoring, { engine });
    const { port } = all.addresses[0] as { port: number };
    await assert.rejects(createServer(ignoring, { engine, host: '127.0.0.1', port }), {
      code: 'EADDRINUSE',
      message: `listen EADDRINUSE 127.0.0.1:${port}`,
    });
    await all.close();
    const shared = { engine, host: '127.0.0.1', port, reusePort: true };
    const servers = [await createServer(ignoring, shared), await createServer(ignoring, shared)];
    for (let i = 0; i < 20; i++) await network.connectPeer(ipAddress('127.0.0.1', port));
    await network.idle();
    for (const server of servers) assert.ok(server.stats().accepted > 0);
    network.stop();
  });

  test('prefer the socket that is bound to the very address', async () => {
    const network = createMemoryNetwork();
    const { engine } = network;
    const all = await createServer(ignoring, { engine, host: '0.0.0.0', reusePort: true });
    const { port } = all.addresses[0] as { port: number };
    const one = await createServer(ignoring, { engine, host: '127.0.0.2', port, reusePort: true });
    for (let i = 0; i < 5; i++) await network.connectPeer(ipAddress('127.0.0.2', port));
    await network.connectPeer(ipAddress('127.0.0.1', port));
    await network.idle();
    assert.deepEqual([all.stats().accepted, one.stats().accepted], [1, 5]);
    network.stop();
  });

  test('a server on every interface sees IPv4 clients as IPv6 ones', async () => {
    const network = createMemoryNetwork();
    const server = await createServer(ignoring, { engine: network.engine });
    const { port } = server.addresses[0] as { port: number };
    await network.connectPeer(ipAddress('127.0.0.1', port));
    await network.idle();
    const [transport] = server.transports;
    assert.match(String(transport!.remoteAddress), /^\[::ffff:127\.0\.0\.1\]:/);
    network.stop();
  });

  test('a path is a name: the same one on two hosts, and no file', async () => {
    const network = createMemoryNetwork();
    const path = '/run/app.sock';
    const servers = [network, network.host()].map(({ engine }) =>
      createServer(ignoring, { engine, path }),
    );
    await Promise.all(servers);
    const { transport } = await connect(ignoring, { engine: network.engine, path });
    assert.deepEqual({ ...transport.remoteAddress }, { family: 'unix', path });
    network.stop();
  });
});

describe('what the memory engine does not have', () => {
  test('an option of real sockets is refused with the list of those it has', async () => {
    const { engine } = createMemoryNetwork();
    const options = { engine, host: '127.0.0.1', connectionOptions: { TCP_CONGESTION: 'cubic' } };
    await assert.rejects(createServer(ignoring, options), (error) => {
      assert.ok(error instanceof SocketOptionError);
      assert.match(error.message, /^TCP_CONGESTION = "cubic": the memory engine does not have it/);
      assert.match(error.message, /SO_KEEPALIVE.*TCP_NODELAY/);
      return true;
    });
  });

  test('a descriptor is refused', async () => {
    const { engine } = createMemoryNetwork();
    await assert.rejects(createServer(ignoring, { engine, fd: 7 }), /fd 7 .*no descriptors/);
    await assert.rejects(connect(ignoring, { engine, fd: 7 }), /fd 7 .*no descriptors/);
  });
});
