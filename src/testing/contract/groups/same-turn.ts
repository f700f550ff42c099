import assert from 'node:assert/strict';
import type { Bench, Connection } from '../bench.js';
import { pattern } from '../pattern.js';
import type { Probe, ProbeHandlers } from '../probe.js';
import { promises } from '../promise.js';

/** What a peer has sent before its connection is read. */
type Send = (connection: Connection) => unknown;

const sendData: Send = ({ peer }) => peer.write('data');
const sendEnd: Send = ({ peer }) => peer.end();

/**
 * Two connections that have something to read in the same turn of the event loop. The
 * one that is told first acts on the other, which nobody has told yet.
 */
async function pair(bench: Bench, send: Send, act: (other: Probe) => unknown): Promise<Probe[]> {
  const probes: Probe[] = [];
  let hasActed = false;
  const actOnce = (probe: Probe) => {
    if (hasActed) return;
    hasActed = true;
    act(probes.find((other) => other !== probe) as Probe);
  };
  const handlers: ProbeHandlers = {
    connectionMade: ({ transport }) => transport.pauseReading(),
    dataReceived: actOnce,
    eofReceived: (probe) => {
      actOnce(probe);
      return true;
    },
  };
  const served = await bench.serve(handlers);
  const connections = [await served.connect(), await served.connect()];
  probes.push(...served.probes);
  for (const connection of connections) await send(connection);
  await bench.settle();
  for (const probe of probes) probe.transport.resumeReading();
  await bench.untilTrue('one is told', () => hasActed);
  await bench.settle();
  return probes;
}

/** The one that was told nothing but `story`. */
function theOther(probes: readonly Probe[], story: string): Probe {
  const found = probes.find((probe) => probe.story === story);
  assert.ok(found, `one was told only "${story}": ${probes.map((p) => `"${p.story}"`).join(', ')}`);
  return found;
}

export const sameTurn = promises('same-turn', 'connections ready in the same turn keep apart', [
  [
    'pause',
    'a connection that another one pauses gets no data, not even what is there, until its resume',
    async (bench) => {
      const probes = await pair(bench, sendData, (other) => other.transport.pauseReading());
      const other = theOther(probes, 'connectionMade');
      other.transport.resumeReading();
      await other.untilReceived(4);
      assert.equal(other.text, 'data');
    },
  ],
  [
    'pause-end',
    'a connection that another one pauses gets no end of input until its resume',
    async (bench) => {
      const probes = await pair(bench, sendEnd, (other) => other.transport.pauseReading());
      const other = theOther(probes, 'connectionMade');
      other.transport.resumeReading();
      await other.untilCalled('eofReceived');
    },
  ],
  [
    'pause-data-and-end',
    'what waits for a connection that another one paused comes in order: data, then the end',
    async (bench) => {
      const send: Send = async ({ peer }) => {
        peer.write(pattern(50_000));
        await peer.end();
      };
      const probes = await pair(bench, send, (other) => other.transport.pauseReading());
      const other = theOther(probes, 'connectionMade');
      other.transport.resumeReading();
      await other.untilCalled('eofReceived');
      assert.ok(other.received.equals(pattern(50_000)));
    },
  ],
  [
    'close',
    'a connection that another one closes, aborts or resets gets connectionLost(null) and nothing else',
    async (bench) => {
      for (const method of ['close', 'abort', 'reset'] as const) {
        for (const send of [sendData, sendEnd]) {
          const probes = await pair(bench, send, (other) => other.transport[method]());
          const other = theOther(probes, 'connectionMade connectionLost');
          assert.equal(other.lostError, null);
        }
      }
    },
  ],
  [
    'swap',
    'a connection whose protocol another one replaces tells the new one',
    async (bench) => {
      const next = bench.probe();
      const probes = await pair(bench, sendData, (other) => {
        other.transport.protocol = next.adopt(other).protocol;
      });
      theOther(probes, 'connectionMade');
      await next.untilReceived(4);
      assert.equal(next.text, 'data');
    },
  ],
  [
    'swap-to-buffered',
    'data that is there goes into the memory of a buffered protocol that another connection puts in',
    async (bench) => {
      const memory = Buffer.alloc(3);
      const next = bench.probe({ getBuffer: () => memory });
      const probes = await pair(bench, sendData, (other) => {
        other.transport.protocol = next.adopt(other).protocol;
      });
      theOther(probes, 'connectionMade');
      await next.untilReceived(4);
      assert.equal(next.text, 'data');
    },
  ],
  [
    'write',
    'what one connection writes to another leaves through the other',
    async (bench) => {
      const served = await bench.serve({
        dataReceived: (probe, data) => {
          for (const other of served.probes) if (other !== probe) other.transport.write(data);
        },
      });
      const connections = [await served.connect(), await served.connect(), await served.connect()];
      for (const [i, { peer }] of connections.entries()) peer.write(Buffer.alloc(1000, i));
      for (const [i, { peer }] of connections.entries()) {
        const received = await peer.untilReceived(2000);
        const expected = [0, 1, 2].filter((n) => n !== i).map((n) => Buffer.alloc(1000, n));
        assert.ok(Buffer.from(received).sort().equals(Buffer.concat(expected)));
      }
    },
  ],
]);
