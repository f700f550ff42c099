import assert from 'node:assert/strict';
import { connect } from '../../../connect.js';
import { promises } from '../promise.js';

const refused = { name: 'SocketOptionError', code: 'ERR_SOCKET_OPTION' };

export const socketOptions = promises(
  'socket-options',
  'options are set where they are asked for',
  [
    [
      'no-delay',
      'TCP_NODELAY is on for every connection unless it is switched off',
      async (bench) => {
        const { transport } = await bench.open();
        assert.equal(transport.socket.get('TCP_NODELAY'), true);
        const slow = await bench.open({}, { connectionOptions: { TCP_NODELAY: false } });
        assert.equal(slow.transport.socket.get('TCP_NODELAY'), false);
      },
    ],
    [
      'connection-options',
      'connectionOptions are on every accepted socket when connectionMade is called',
      async (bench) => {
        const seen: unknown[] = [];
        await bench.open(
          {
            connectionMade: ({ raw: { socket } }) =>
              seen.push(
                socket.get('SO_KEEPALIVE'),
                socket.get('TCP_KEEPIDLE'),
                socket.get('TCP_KEEPINTVL'),
                socket.get('TCP_KEEPCNT'),
              ),
          },
          {
            connectionOptions: {
              SO_KEEPALIVE: true,
              TCP_KEEPIDLE: 1800,
              TCP_KEEPINTVL: 15,
              TCP_KEEPCNT: 9,
            },
          },
        );
        assert.deepEqual(seen, [true, 1800, 15, 9]);
      },
    ],
    [
      'set',
      'an option can be set on a connection and reads back',
      async (bench) => {
        const { transport } = await bench.open();
        transport.socket.set('TCP_USER_TIMEOUT', 30_000);
        assert.equal(transport.socket.get('TCP_USER_TIMEOUT'), 30_000);
        transport.socket.set('TCP_NODELAY', false);
        assert.equal(transport.socket.get('TCP_NODELAY'), false);
      },
    ],
    [
      'listener',
      'a listener’s own options can be read',
      async (bench) => {
        const { server } = await bench.serve({}, { backlog: 100 });
        const [socket] = server.sockets;
        assert.equal(socket?.get('SO_REUSEADDR'), true);
        assert.equal(socket?.get('SO_REUSEPORT'), false);
      },
    ],
    [
      'unknown',
      'an unknown option is a SocketOptionError that names it, before anything is opened',
      async (bench) => {
        const before = bench.setup.openSockets();
        const connectionOptions = { TCP_NO_SUCH_THING: 1 } as object;
        await assert.rejects(bench.serve({}, { connectionOptions }), (error) => {
          assert.match((error as Error).message, /TCP_NO_SUCH_THING/);
          return (error as Error).name === refused.name;
        });
        await bench.untilOpenSockets(before);
      },
    ],
    [
      'out-of-range',
      'a value out of range is a SocketOptionError that says the range',
      async (bench) => {
        const connectionOptions = { TCP_KEEPCNT: 128 };
        await assert.rejects(bench.serve({}, { connectionOptions }), (error) => {
          assert.match((error as Error).message, /TCP_KEEPCNT.*128.*127/);
          return (error as Error).name === refused.name;
        });
      },
    ],
    [
      'throwing-set',
      'a set that throws leaves the connection unharmed',
      async (bench) => {
        const { transport, peer } = await bench.open();
        assert.throws(() => transport.socket.set('TCP_KEEPIDLE', 0), refused);
        assert.throws(() => transport.socket.set('TCP_NODELAY', 'yes' as never), refused);
        transport.write('still here');
        assert.equal(String(await peer.untilReceived(10)), 'still here');
      },
    ],
    [
      'after-close',
      'options of a lost connection are a SocketOptionError, not somebody else’s socket',
      async (bench) => {
        const { probe, transport } = await bench.open();
        const { socket } = transport;
        transport.abort();
        await probe.untilLost();
        assert.throws(() => socket.get('TCP_NODELAY'), refused);
        assert.throws(() => socket.set('TCP_NODELAY', true), refused);
      },
    ],
    [
      'client',
      'socketOptions of connect() are on the socket when connectionMade is called',
      async (bench) => {
        const served = await bench.serve();
        const { host, port } = served.address as { host: string; port: number };
        const seen: unknown[] = [];
        const probe = bench.probe({
          connectionMade: ({ raw }) =>
            seen.push(raw.socket.get('SO_KEEPALIVE'), raw.socket.get('TCP_NODELAY')),
        });
        const { transport } = await connect(() => probe.protocol, {
          host,
          port,
          engine: bench.setup.engine,
          socketOptions: { SO_KEEPALIVE: true },
        });
        assert.deepEqual(seen, [true, true]);
        transport.close();
        await probe.untilLost();
      },
    ],
    [
      'tcp-info',
      'tcpInfo() tells of the living connection',
      async (bench) => {
        const { transport, peer } = await bench.open();
        transport.write('hello');
        await peer.untilReceived(5);
        const info = transport.socket.tcpInfo();
        assert.equal(info.state, 'ESTABLISHED');
        assert.ok((info.rttUs ?? 0) > 0);
      },
    ],
  ],
);
