import assert from 'node:assert/strict';
import type { Address } from '../../../address.js';
import { promises } from '../promise.js';

function portOf(address: Address | undefined): number {
  assert.ok(address !== undefined && address.family !== 'unix');
  return address.port;
}

export const listening = promises('listening', 'a server listens where it is told', [
  [
    'port-zero',
    'with port 0 the address has the port that was chosen',
    async (bench) => {
      const [first, second] = [
        await bench.serve({}, { host: '127.0.0.1', port: 0 }),
        await bench.serve(),
      ];
      const ports = [portOf(first.address), portOf(second.address)];
      assert.ok(ports.every((port) => port > 0 && port <= 65_535));
      assert.notEqual(ports[0], ports[1]);
      assert.equal(String(first.address), `127.0.0.1:${ports[0]}`);
      await first.connect();
    },
  ],
  [
    'given-port',
    'a server listens on the port it is given',
    async (bench) => {
      const served = await bench.serve();
      const port = portOf(served.address);
      await served.server.close();
      const next = await bench.serve({}, { host: '127.0.0.1', port });
      assert.equal(portOf(next.address), port);
      await next.connect();
    },
  ],
  [
    'several-hosts',
    'several hosts with port 0 get one listener each, all on the same port, and all serve',
    async (bench) => {
      const served = await bench.serve({}, { host: ['127.0.0.1', '127.0.0.2'] });
      const { addresses, sockets } = served.server;
      assert.deepEqual(
        addresses.map((a) => a.family !== 'unix' && a.host),
        ['127.0.0.1', '127.0.0.2'],
      );
      assert.equal(portOf(addresses[0]), portOf(addresses[1]));
      assert.deepEqual(
        sockets.map(({ address }) => String(address)),
        addresses.map(String),
      );
      for (const [i, address] of addresses.entries()) {
        await bench.connectPeer(address);
        const probe = await served.probeAt(i);
        assert.equal(String(probe.raw.localAddress), String(address));
      }
    },
  ],
  [
    'both-families',
    'an IPv4 and an IPv6 host get the same port and both serve',
    async (bench) => {
      const served = await bench.serve({}, { host: ['127.0.0.1', '::1'] });
      const [v4, v6] = served.server.addresses;
      assert.deepEqual([v4?.family, v6?.family], ['IPv4', 'IPv6']);
      assert.equal(portOf(v4), portOf(v6));
      for (const [i, address] of served.server.addresses.entries()) {
        await bench.connectPeer(address);
        assert.equal((await served.probeAt(i)).raw.remoteAddress.family, address.family);
      }
    },
  ],
  [
    'same-host-twice',
    'a host named twice gets one listener',
    async (bench) => {
      const served = await bench.serve({}, { host: ['127.0.0.1', '127.0.0.1'] });
      assert.equal(served.server.addresses.length, 1);
    },
  ],
  [
    'host-name',
    'a host name is resolved',
    async (bench) => {
      const served = await bench.serve({}, { host: 'localhost' });
      for (const address of served.server.addresses) {
        assert.ok(address.family !== 'unix');
        assert.match(address.host, /^(127\.0\.0\.1|::1)$/);
      }
      await served.connect();
    },
  ],
  [
    'every-interface',
    'without a host a server serves both families on every interface',
    async (bench) => {
      const served = await bench.serve({}, { host: '' });
      const port = portOf(served.address);
      await bench.connectPeer({ family: 'IPv4', host: '127.0.0.1', port });
      const first = await served.probeAt(0);
      await bench.connectPeer({ family: 'IPv6', host: '::1', port });
      const second = await served.probeAt(1);
      assert.match(String(first.raw.remoteAddress), /127\.0\.0\.1/);
      assert.match(String(second.raw.remoteAddress), /^\[::1\]/);
    },
  ],
  [
    'ipv6-only',
    'with ipv6Only a server on :: takes no IPv4 clients',
    async (bench) => {
      const served = await bench.serve({}, { host: '::', ipv6Only: true });
      const port = portOf(served.address);
      await assert.rejects(bench.connectPeer({ family: 'IPv4', host: '127.0.0.1', port }), {
        code: 'ECONNREFUSED',
      });
      await bench.connectPeer({ family: 'IPv6', host: '::1', port });
      await served.probeAt(0);
    },
  ],
  [
    'in-use',
    'an address in use is EADDRINUSE of Node’s shape, and nothing is left open',
    async (bench) => {
      const { address } = await bench.serve();
      const port = portOf(address);
      const before = bench.setup.openSockets();
      await assert.rejects(bench.serve({}, { host: '127.0.0.1', port }), (error) => {
        const {
          name,
          code,
          errno,
          syscall,
          address: host,
          port: asked,
          message,
        } = error as NodeJS.ErrnoException & { address: string; port: number };
        assert.deepEqual(
          { name, code, syscall, host, asked, message },
          {
            name: 'Error',
            code: 'EADDRINUSE',
            syscall: 'listen',
            host: '127.0.0.1',
            asked: port,
            message: `listen EADDRINUSE 127.0.0.1:${port}`,
          },
        );
        return (errno ?? 0) < 0;
      });
      await bench.untilOpenSockets(before);
    },
  ],
  [
    'one-of-many-in-use',
    'when one of several hosts cannot be had nothing is left open',
    async (bench) => {
      const taken = await bench.serve({}, { host: '127.0.0.2' });
      const port = portOf(taken.address);
      const before = bench.setup.openSockets();
      const host = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
      await assert.rejects(bench.serve({}, { host, port }), { code: 'EADDRINUSE' });
      await bench.untilOpenSockets(before);
      const free = await bench.serve({}, { host: '127.0.0.1', port });
      assert.equal(portOf(free.address), port);
    },
  ],
  [
    'not-ours',
    'an address that this machine does not have is EADDRNOTAVAIL',
    async (bench) => {
      const server = bench.serve({}, { host: '192.0.2.1', port: 4711 });
      await assert.rejects(server, { code: 'EADDRNOTAVAIL', syscall: 'listen' });
    },
  ],
  [
    'reuse-port',
    'with reusePort several servers share a port; without it the second is EADDRINUSE',
    async (bench) => {
      const first = await bench.serve({}, { host: '127.0.0.1', reusePort: true });
      const port = portOf(first.address);
      const second = await bench.serve({}, { host: '127.0.0.1', port, reusePort: true });
      await assert.rejects(bench.serve({}, { host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
      for (let i = 0; i < 20; i++) await bench.connectPeer(first.address);
      await bench.untilTrue(
        '20 connections',
        () => first.probes.length + second.probes.length === 20,
      );
    },
  ],
  [
    'backlog-zero',
    'a backlog of 0 serves one connection after the other',
    async (bench) => {
      const served = await bench.serve({}, { backlog: 0 });
      for (let i = 0; i < 5; i++) await served.connect();
    },
  ],
  [
    'backlog-one',
    'a backlog of 1 serves one connection after the other',
    async (bench) => {
      const served = await bench.serve({}, { backlog: 1 });
      for (let i = 0; i < 5; i++) await served.connect();
    },
  ],
  [
    'listener-closed-in-callback',
    'a server that is closed in connectionMade accepts no more of those that wait',
    async (bench) => {
      const served = await bench.serve(
        { connectionMade: ({ transport }) => void transport.server?.close() },
        { maxConnections: 1 },
      );
      served.server.suspend();
      const peers = [];
      for (let i = 0; i < 5; i++) peers.push(await bench.connectPeer(served.address));
      served.server.resume();
      await served.probeAt(0);
      await Promise.all(peers.slice(1).map((peer) => peer.untilOver()));
      assert.equal(served.probes.length, 1);
    },
  ],
]);
