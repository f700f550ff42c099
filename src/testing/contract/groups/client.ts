import assert from 'node:assert/strict';
import type { Address } from '../../../address.js';
import { type ConnectOptions, connect } from '../../../connect.js';
import type { Transport } from '../../../transport.js';
import type { Bench } from '../bench.js';
import { pattern } from '../pattern.js';
import type { Peer } from '../peer.js';
import type { Probe, ProbeHandlers } from '../probe.js';
import { promises } from '../promise.js';

/** A connection of ours to a raw listener. */
interface Dialled {
  readonly probe: Probe;
  readonly transport: Transport;
  readonly peer: Peer;
  readonly address: Address;
}

async function dial(
  bench: Bench,
  handlers: ProbeHandlers = {},
  options: Partial<ConnectOptions> = {},
): Promise<Dialled> {
  const { limitMs, setup } = bench;
  const listener = await setup.listenPeer({ limitMs });
  bench.finally(() => listener.close());
  const { address } = listener;
  assert.ok(address.family !== 'unix');
  const probe = bench.probe(handlers);
  await connect(() => probe.protocol, {
    host: address.host,
    port: address.port,
    engine: setup.engine,
    ...options,
  });
  bench.finally(() => probe.raw.abort());
  const peer = bench.keep(await bench.within('the listener to accept', listener.accept()));
  return { probe, transport: probe.transport, peer, address };
}

export const client = promises('client', 'connect() makes transports like any other', [
  [
    'resolves',
    'connect() resolves after connectionMade has returned, with the transport and its protocol',
    async (bench) => {
      const served = await bench.serve();
      const { address } = served;
      assert.ok(address.family !== 'unix');
      const probe = bench.probe();
      const { engine } = bench.setup;
      const result = await connect(() => probe.protocol, {
        host: address.host,
        port: address.port,
        engine,
      });
      assert.equal(probe.story, 'connectionMade');
      assert.equal(result.transport, probe.raw);
      assert.equal(result.protocol, probe.protocol);
      result.transport.close();
      await probe.untilLost();
    },
  ],
  [
    'identity',
    'a client’s transport has no server, and the addresses of both ends',
    async (bench) => {
      const { transport, peer, address } = await dial(bench);
      assert.equal(transport.server, null);
      assert.equal(String(transport.remoteAddress), String(address));
      assert.equal(String(transport.localAddress), String(peer.remoteAddress));
    },
  ],
  [
    'data',
    'data flows both ways, whole and in order',
    async (bench) => {
      const { probe, transport, peer } = await dial(bench);
      const [out, back] = [pattern(3_000_000, 1), pattern(3_000_000, 2)];
      transport.write(out);
      peer.write(back);
      assert.ok((await peer.untilReceived(out.length)).equals(out));
      assert.ok((await probe.untilReceived(back.length)).equals(back));
    },
  ],
  [
    'write-in-made',
    'a write in connectionMade is the first the other end sees',
    async (bench) => {
      const { transport, peer } = await dial(bench, {
        connectionMade: (p) => p.transport.write('hello '),
      });
      transport.write('world');
      assert.equal(String(await peer.untilReceived(11)), 'hello world');
    },
  ],
  [
    'pause-in-made',
    'pauseReading() in connectionMade stops the very first read',
    async (bench) => {
      const { probe, transport, peer } = await dial(bench, {
        connectionMade: (p) => p.transport.pauseReading(),
      });
      peer.write('hello');
      await bench.settle();
      assert.equal(probe.story, 'connectionMade');
      transport.resumeReading();
      await probe.untilReceived(5);
    },
  ],
  [
    'ends',
    'close, abort, reset, FIN and RST of either end are told as on a server',
    async (bench) => {
      const closed = await dial(bench);
      closed.transport.write('bye');
      closed.transport.close();
      assert.equal(String(await closed.peer.untilEnded()), 'bye');
      assert.equal(await closed.probe.untilLost(), null);
      const aborted = await dial(bench);
      aborted.transport.abort();
      await aborted.peer.untilEnded();
      assert.equal(await aborted.probe.untilLost(), null);
      const reset = await dial(bench);
      reset.transport.reset();
      await reset.peer.untilReset();
      assert.equal(await reset.probe.untilLost(), null);
      const ended = await dial(bench);
      await ended.peer.end();
      assert.equal(await ended.probe.untilLost(), null);
      assert.equal(ended.probe.story, 'connectionMade eofReceived connectionLost');
      const broken = await dial(bench);
      await broken.peer.reset();
      assert.equal(((await broken.probe.untilLost()) as NodeJS.ErrnoException).code, 'ECONNRESET');
    },
  ],
  [
    'half-close',
    'writeEof() and eofReceived that returns true work as on a server',
    async (bench) => {
      const { probe, transport, peer } = await dial(bench, { eofReceived: () => true });
      transport.write('question');
      transport.writeEof();
      assert.equal(String(await peer.untilEnded()), 'question');
      peer.write('answer');
      await peer.end();
      await probe.untilCalled('eofReceived');
      assert.equal(probe.text, 'answer');
      assert.equal(transport.isClosing, false);
      transport.close();
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'flow-control',
    'writeBufferLimits of connect() pause and resume the writer',
    async (bench) => {
      const { probe, transport, peer } = await dial(
        bench,
        {},
        { writeBufferLimits: { high: 1000 } },
      );
      peer.pause();
      assert.deepEqual({ ...transport.writeBufferLimits }, { low: 250, high: 1000 });
      transport.write(pattern(20_000_000));
      assert.equal(probe.count('pauseWriting'), 1);
      peer.resume();
      await probe.untilCalled('resumeWriting');
      await peer.untilReceived(20_000_000);
    },
  ],
  [
    'failure-in-callback',
    'an error in a callback ends the connection and is told to onError',
    async (bench) => {
      const mistake = new Error('a mistake');
      const told: unknown[] = [];
      const { probe, peer } = await dial(
        bench,
        {
          dataReceived: () => {
            throw mistake;
          },
        },
        { onError: (error, transport) => told.push(error, transport) },
      );
      peer.write('data');
      assert.equal(await probe.untilLost(), mistake);
      assert.deepEqual(told, [mistake, probe.raw]);
    },
  ],
  [
    'own-server',
    'a client and a server of the same engine and process talk to each other',
    async (bench) => {
      const served = await bench.serve({ dataReceived: (p, data) => p.transport.write(data) });
      const { address } = served;
      assert.ok(address.family !== 'unix');
      const probe = bench.probe();
      const { engine } = bench.setup;
      await connect(() => probe.protocol, { host: address.host, port: address.port, engine });
      const sent = pattern(1_000_000);
      probe.transport.write(sent);
      probe.transport.writeEof();
      assert.equal(await probe.untilLost(), null);
      assert.ok(probe.received.equals(sent));
    },
  ],
]);
