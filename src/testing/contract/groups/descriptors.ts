import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { connect } from '../../../connect.js';
import { promises } from '../promise.js';

export const descriptors = promises('descriptors', 'sockets made elsewhere are adopted', [
  [
    'listening',
    'a listening descriptor serves at its own address',
    async (bench) => {
      const { fd, address } = bench.setup.listeningDescriptor();
      const served = await bench.serve({}, { fd });
      assert.equal(String(served.address), String(address));
      const { peer, probe } = await served.connect();
      peer.write('hello');
      await probe.untilReceived(5);
    },
  ],
  [
    'listening-closed',
    'an adopted descriptor is closed with the server',
    async (bench) => {
      const before = bench.setup.openSockets();
      const { fd } = bench.setup.listeningDescriptor();
      const served = await bench.serve({}, { fd });
      await served.server.close();
      assert.equal(bench.setup.openSockets(), before);
    },
  ],
  [
    'queued',
    'connections that waited on an adopted descriptor are served',
    async (bench) => {
      const { fd, address } = bench.setup.listeningDescriptor();
      const peer = await bench.connectPeer(address);
      peer.write('first');
      const served = await bench.serve({}, { fd });
      const probe = await served.probeAt(0);
      await probe.untilReceived(5);
      assert.equal(probe.text, 'first');
    },
  ],
  [
    'connected-refused',
    'a connected descriptor to listen on is refused with a TypeError that says so',
    async (bench) => {
      const { limitMs } = bench;
      const { fd, peer } = await bench.setup.connectedDescriptor({ limitMs });
      bench.keep(peer);
      bench.finally(() => closeSync(fd));
      await assert.rejects(bench.serve({}, { fd }), (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, new RegExp(`${fd}.*connected`));
        return true;
      });
    },
  ],
  [
    'not-a-socket',
    'a descriptor that is no socket is refused, and stays open',
    async (bench) => {
      const fd = openSync('/dev/null', 'r');
      await assert.rejects(bench.serve({}, { fd }), (error) => {
        assert.match(String((error as Error).message), new RegExp(`${fd}|ENOTSOCK`));
        return true;
      });
      closeSync(fd);
    },
  ],
  [
    'not-open',
    'a descriptor that is not open is refused',
    async (bench) => {
      await assert.rejects(bench.serve({}, { fd: 987_654 }));
    },
  ],
  [
    'client',
    'connect({ fd }) adopts a connected descriptor',
    async (bench) => {
      const { limitMs, setup } = bench;
      const { fd, peer } = await setup.connectedDescriptor({ limitMs });
      bench.keep(peer);
      const probe = bench.probe();
      const { transport } = await connect(() => probe.protocol, { fd, engine: setup.engine });
      bench.finally(() => transport.abort());
      peer.write('hello');
      await probe.untilReceived(5);
      transport.write('world');
      assert.equal(String(await peer.untilReceived(5)), 'world');
      assert.equal(String(transport.localAddress), String(peer.remoteAddress));
      await peer.end();
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'client-not-connected',
    'connect({ fd }) refuses a listening descriptor, and it stays open',
    async (bench) => {
      const { fd, address } = bench.setup.listeningDescriptor();
      bench.finally(() => closeSync(fd));
      const { engine } = bench.setup;
      await assert.rejects(connect(() => ({ dataReceived() {} }), { fd, engine }));
      await bench.connectPeer(address);
    },
  ],
]);
