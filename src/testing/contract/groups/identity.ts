import assert from 'node:assert/strict';
import type { Address } from '../../../address.js';
import type { Transport } from '../../../transport.js';
import { promises } from '../promise.js';

/** Plain values of an address: engines may add methods. */
function plain(address: Address): unknown {
  return address.family === 'unix'
    ? { family: address.family, path: address.path }
    : { family: address.family, host: address.host, port: address.port };
}

export const identity = promises('identity', 'a transport knows what it is', [
  [
    'addresses',
    'remoteAddress is the peer’s own, localAddress where the peer connected to',
    async (bench) => {
      const { served, transport, peer } = await bench.open();
      assert.deepEqual(plain(transport.remoteAddress), plain(peer.localAddress));
      assert.deepEqual(plain(transport.localAddress), plain(served.address));
    },
  ],
  [
    'address-text',
    'an IPv4 address reads as host:port',
    async (bench) => {
      const { transport } = await bench.open();
      const { remoteAddress } = transport;
      assert.ok(remoteAddress.family === 'IPv4');
      assert.equal(remoteAddress.host, '127.0.0.1');
      assert.equal(String(remoteAddress), `127.0.0.1:${remoteAddress.port}`);
    },
  ],
  [
    'ipv6',
    'over IPv6 the addresses are IPv6 ones and read as [host]:port',
    async (bench) => {
      const { served, transport, peer } = await bench.open({}, { host: '::1' });
      const { remoteAddress } = transport;
      assert.ok(remoteAddress.family === 'IPv6');
      assert.equal(String(remoteAddress), `[::1]:${remoteAddress.port}`);
      assert.deepEqual(plain(remoteAddress), plain(peer.localAddress));
      assert.deepEqual(plain(transport.localAddress), plain(served.address));
    },
  ],
  [
    'known-afterwards',
    'the addresses are known in connectionLost and for ever after, also when nobody asked before',
    async (bench) => {
      for (const method of ['close', 'abort', 'reset'] as const) {
        const inLost: string[] = [];
        const text = (t: Transport) => `${t.remoteAddress} ${t.localAddress}`;
        const { served, probe, transport, peer } = await bench.open({
          connectionLost: (p) => inLost.push(text(p.transport)),
        });
        transport[method]();
        await probe.untilLost();
        const expected = `${peer.localAddress} ${served.address}`;
        assert.deepEqual(inLost, [expected], method);
        assert.equal(text(transport), expected, method);
      }
    },
  ],
  [
    'wildcard-local',
    'on a server for every interface localAddress is the one the peer connected to, also afterwards',
    async (bench) => {
      const served = await bench.serve({}, { host: '0.0.0.0' });
      const [asked, unasked] = [await served.connect(), await served.connect()];
      const { port } = served.address as { port: number };
      assert.equal(String(asked.transport.localAddress), `127.0.0.1:${port}`);
      unasked.transport.close();
      await unasked.probe.untilLost();
      assert.equal(String(unasked.transport.localAddress), `127.0.0.1:${port}`);
    },
  ],
  [
    'ids',
    'every transport of the process has an id of its own',
    async (bench) => {
      const served = [await bench.serve(), await bench.serve()];
      const ids = new Set<number>();
      for (let i = 0; i < 20; i++) {
        const { transport } = await served[i % 2]!.connect();
        assert.equal(typeof transport.id, 'number');
        ids.add(transport.id);
      }
      assert.equal(ids.size, 20);
    },
  ],
  [
    'server',
    'server is the server that accepted the connection, also after it is lost',
    async (bench) => {
      const { served, probe, transport } = await bench.open();
      assert.equal(transport.server, served.rawServer);
      transport.close();
      await probe.untilLost();
      assert.equal(transport.server, served.rawServer);
    },
  ],
  [
    'set-of-transports',
    'server.transports has a transport from before connectionMade until after connectionLost',
    async (bench) => {
      const seen: boolean[] = [];
      const look = ({ raw }: { raw: Transport }) => seen.push(raw.server!.transports.has(raw));
      const { served, probe, transport } = await bench.open({
        connectionMade: look,
        connectionLost: look,
      });
      assert.deepEqual([...served.server.transports], [probe.raw]);
      transport.close();
      await probe.untilLost();
      await served.untilClosed(1);
      assert.deepEqual(seen, [true, true]);
      assert.equal(served.server.transports.size, 0);
    },
  ],
  [
    'descriptor',
    'socket.fd is the open descriptor, and -1 when there is none or the connection is lost',
    async (bench) => {
      const { probe, transport } = await bench.open();
      const { fd } = transport.socket;
      assert.ok(Number.isInteger(fd) && fd >= -1);
      transport.abort();
      await probe.untilLost();
      assert.equal(transport.socket.fd, -1);
    },
  ],
]);
