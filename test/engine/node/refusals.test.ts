import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createServer, type ServerOptions, SocketOptionError, type SocketOptions } from 'hawser';
import { NodeEngine } from '#hawser/engine/node/engine';
import { hasReusePort } from '#hawser/engine/node/listener';
import { binding, connectTo, needsAddon, plain, serve } from './connections.js';

const factory = () => ({ dataReceived() {} });

/** Every refusal names the option and says that the native engine can. */
async function assertRefused(options: ServerOptions, option: string): Promise<void> {
  const server = createServer(factory, { host: '127.0.0.1', engine: plain, ...options });
  await assert.rejects(server, (error) => {
    assert.ok(error instanceof SocketOptionError, String(error));
    assert.equal(error.option, option);
    assert.match(error.message, /the native engine can/);
    return true;
  });
}

describe('what node:net cannot do is refused', () => {
  test('a backlog of 0, which node:net takes for 511', () =>
    assertRefused({ backlog: 0 }, 'backlog'));

  test('reuseAddress that is not what node:net does on this platform', () =>
    assertRefused({ reuseAddress: process.platform === 'win32' }, 'SO_REUSEADDR'));

  test('quickAck without the addon', () => assertRefused({ quickAck: true }, 'TCP_QUICKACK'));

  test('a listener’s options without the addon', () =>
    assertRefused({ listenerOptions: { TCP_FASTOPEN: 16 } }, 'TCP_FASTOPEN'));

  const beyond: [string, SocketOptions][] = [
    ['TCP_USER_TIMEOUT', { TCP_USER_TIMEOUT: 30_000 }],
    ['SO_RCVBUF', { SO_RCVBUF: 65_536 }],
    ['TCP_KEEPIDLE', { TCP_KEEPIDLE: 60 }],
    ['TCP_KEEPIDLE', { SO_KEEPALIVE: false, TCP_KEEPIDLE: 60 }],
    ['TCP_KEEPINTVL', { SO_KEEPALIVE: true, TCP_KEEPINTVL: 15 }],
  ];
  for (const [option, connectionOptions] of beyond) {
    test(`${JSON.stringify(connectionOptions)} on connections without the addon`, () =>
      assertRefused({ connectionOptions }, option));
  }

  test('an option for before bind, even with the addon', needsAddon, () =>
    assertRefused(
      { engine: new NodeEngine(binding), listenerOptions: { IP_FREEBIND: true } },
      'IP_FREEBIND',
    ),
  );

  test('reusePort is known to be there from Node 22.12 and 23.1 on', () => {
    for (const version of ['22.12.0', '22.20.1', '23.1.0', '24.0.0', '26.10.0']) {
      assert.equal(hasReusePort(version), true, version);
    }
    for (const version of ['20.19.0', '20.20.2', '22.11.0', '23.0.0']) {
      assert.equal(hasReusePort(version), false, version);
    }
  });

  test('reading any option without the addon', async () => {
    await using served = await serve({});
    const { server, recorders } = served;
    const client = await connectTo(server.addresses[0]);
    client.write('x');
    await served.until(0, ({ text }) => text === 'x');
    const { socket } = recorders[0]!.transport;
    const refused = { name: 'SocketOptionError', message: /cannot read.*the native engine can/ };
    assert.throws(() => socket.get('TCP_NODELAY'), { ...refused, option: 'TCP_NODELAY' });
    assert.throws(() => socket.tcpInfo(), { ...refused, option: 'TCP_INFO' });
    assert.throws(() => socket.getRaw(6, 1, 4), refused);
    assert.throws(() => socket.setRaw(6, 1, 1), { name: 'SocketOptionError' });
    assert.throws(() => server.sockets[0]!.set('TCP_NODELAY', true), {
      message: /sets no options on a listener/,
    });
    client.destroy();
  });
});
