import assert from 'node:assert/strict';
import { type ConnectOptions, connect } from '../../../connect.js';
import type { Bench, Served } from '../bench.js';
import { promises } from '../promise.js';

function reach(bench: Bench, { address }: Served, options: Partial<ConnectOptions> = {}) {
  assert.ok(address.family !== 'unix');
  const { host, port } = address;
  return connect(() => ({ dataReceived() {} }), {
    host,
    port,
    engine: bench.setup.engine,
    ...options,
  });
}

/** Where a connection attempt hangs. */
async function hang(bench: Bench): Promise<{ host: string; port: number }> {
  const { address, close } = await bench.setup.hangingAddress();
  bench.finally(close);
  assert.ok(address.family !== 'unix');
  return { host: address.host, port: address.port };
}

function reachNobody(bench: Bench, options: Partial<ConnectOptions>) {
  return connect(() => ({ dataReceived() {} }), { engine: bench.setup.engine, ...options });
}

export const connecting = promises('connecting', 'connect() fails with nothing left open', [
  [
    'refused',
    'a refused connection is ECONNREFUSED of Node’s shape',
    async (bench) => {
      const served = await bench.serve();
      const { port } = served.address as { port: number };
      await served.server.close();
      const before = bench.setup.openSockets();
      await assert.rejects(reach(bench, served), (error) => {
        const {
          code,
          syscall,
          address,
          port: asked,
          message,
        } = error as NodeJS.ErrnoException & { address: string; port: number };
        assert.deepEqual(
          [code, syscall, address, asked],
          ['ECONNREFUSED', 'connect', '127.0.0.1', port],
        );
        return message === `connect ECONNREFUSED 127.0.0.1:${port}`;
      });
      await bench.untilOpenSockets(before);
    },
  ],
  [
    'no-protocol',
    'without a connection the factory is not called',
    async (bench) => {
      const served = await bench.serve();
      const { host, port } = served.address as { host: string; port: number };
      await served.server.close();
      let calls = 0;
      const factory = () => {
        calls++;
        return { dataReceived() {} };
      };
      await assert.rejects(connect(factory, { host, port, engine: bench.setup.engine }));
      assert.equal(calls, 0);
    },
  ],
  [
    'factory',
    'an error in the factory is the rejection of connect(), and the connection is closed',
    async (bench) => {
      const served = await bench.serve();
      const { host, port } = served.address as { host: string; port: number };
      const mistake = new Error('no protocol today');
      const factory = () => {
        throw mistake;
      };
      const attempt = connect(factory, { host, port, engine: bench.setup.engine });
      await assert.rejects(attempt, (error) => error === mistake);
      await (await served.probeAt(0)).untilLost();
    },
  ],
  [
    'aborted-before',
    'a signal that was aborted before is the rejection',
    async (bench) => {
      const served = await bench.serve();
      const reason = new Error('changed our mind');
      const attempt = reach(bench, served, { signal: AbortSignal.abort(reason) });
      await assert.rejects(attempt, (error) => error === reason);
      await bench.settle();
      assert.equal(served.probes.length, 0);
    },
  ],
  [
    'aborted-meanwhile',
    'aborting while the connection hangs rejects with the reason and leaves nothing open',
    async (bench) => {
      const where = await hang(bench);
      const before = bench.setup.openSockets();
      const stop = new AbortController();
      const reason = new Error('changed our mind');
      const attempt = reachNobody(bench, { ...where, signal: stop.signal });
      setImmediate(() => stop.abort(reason));
      await assert.rejects(attempt, (error) => error === reason);
      await bench.untilOpenSockets(before);
    },
  ],
  [
    'aborted-afterwards',
    'aborting after the connection is there does nothing to it',
    async (bench) => {
      const served = await bench.serve({ dataReceived: (p, data) => p.transport.write(data) });
      const stop = new AbortController();
      const { transport } = await reach(bench, served, { signal: stop.signal });
      stop.abort();
      await bench.settle();
      assert.equal(transport.isClosing, false);
      transport.close();
    },
  ],
  [
    'time-out',
    'a connection that hangs is ETIMEDOUT after connectTimeoutMs, with nothing left open',
    async (bench) => {
      const where = await hang(bench);
      const before = bench.setup.openSockets();
      const attempt = reachNobody(bench, { ...where, connectTimeoutMs: 20 });
      await assert.rejects(attempt, { code: 'ETIMEDOUT' });
      await bench.untilOpenSockets(before);
    },
  ],
  [
    'local-address',
    'localAddress is where the connection comes from',
    async (bench) => {
      const served = await bench.serve();
      const { transport } = await reach(bench, served, { localAddress: '127.0.0.9' });
      const { raw } = await served.probeAt(0);
      assert.ok(raw.remoteAddress.family === 'IPv4');
      assert.equal(raw.remoteAddress.host, '127.0.0.9');
      assert.equal(String(transport.localAddress), String(raw.remoteAddress));
      transport.close();
    },
  ],
  [
    'not-ours',
    'a localAddress that this machine does not have is EADDRNOTAVAIL',
    async (bench) => {
      const served = await bench.serve();
      const attempt = reach(bench, served, { localAddress: '192.0.2.1' });
      await assert.rejects(attempt, { code: 'EADDRNOTAVAIL' });
    },
  ],
  [
    'unix',
    'a path where nobody listens is ENOENT',
    async (bench) => {
      const path = `/tmp/hawser-nobody-${process.pid}`;
      const attempt = connect(() => ({ dataReceived() {} }), { path, engine: bench.setup.engine });
      await assert.rejects(attempt, { code: 'ENOENT', syscall: 'connect', address: path });
    },
  ],
  [
    'close-in-made',
    'a connection that is closed in connectionMade resolves all the same',
    async (bench) => {
      const served = await bench.serve();
      const { host, port } = served.address as { host: string; port: number };
      const probe = bench.probe({ connectionMade: (p) => p.transport.close() });
      const { transport } = await connect(() => probe.protocol, {
        host,
        port,
        engine: bench.setup.engine,
      });
      assert.equal(transport.isClosing, true);
      assert.equal(await probe.untilLost(), null);
    },
  ],
]);
