import assert from 'node:assert/strict';
import type { Transport } from '../../../transport.js';
import { pattern } from '../pattern.js';
import type { Probe } from '../probe.js';
import { promises } from '../promise.js';

/** Round trips of the quiet connection beside the loud one. */
const PINGS = 20;
/** What a loud connection may get done while one chunk of another waits, bytes. */
const MOST_BETWEEN = 1_048_576;
/** What a writer may get rid of before it is paused, bytes: a kernel's buffers would take more. */
const MOST_WRITTEN = 2 * 1_048_576;
/** Connections that flood at the same time: more than one turn's memory holds a chunk of. */
const CROWD = 12;
/** What each of them must have got when they would have this much each in equal parts, bytes. */
const SHARE = { least: 128 * 1024, equal: 512 * 1024 };

export const fairness = promises('fairness', 'no connection starves the others', [
  [
    'reading',
    'a connection that floods is read at most 1 MiB while a chunk of another waits',
    async (bench) => {
      let flooded = 0;
      const served = await bench.serve({
        dataReceived: (probe, data) => {
          if (data.length > 100) flooded += data.length;
          else probe.transport.write(data);
        },
      });
      const [loud, quiet] = [await served.connect(), await served.connect()];
      const flood = pattern(100_000_000);
      loud.peer.write(flood);
      for (let i = 1; i <= PINGS; i++) {
        const before = flooded;
        quiet.peer.write('!');
        await quiet.probe.untilReceived(i);
        assert.ok(
          flooded - before <= MOST_BETWEEN,
          `${flooded - before} bytes came before ping ${i}`,
        );
        await quiet.peer.untilReceived(i);
      }
      assert.ok(flooded < flood.length, 'the flood was over before the pings');
      await loud.peer.destroy();
    },
  ],
  [
    'reading-buffered',
    'a flood into a buffered protocol with large memory does not starve another connection',
    async (bench) => {
      const memory = Buffer.alloc(256 * 1024);
      let flooded = 0;
      const loudServer = await bench.serve({
        getBuffer: () => memory,
        bufferUpdated: (_, data) => {
          flooded += data.length;
        },
      });
      const quietServer = await bench.serve({
        dataReceived: (probe, data) => probe.transport.write(data),
      });
      const [loud, quiet] = [await loudServer.connect(), await quietServer.connect()];
      loud.peer.write(pattern(100_000_000));
      for (let i = 1; i <= PINGS; i++) {
        const before = flooded;
        quiet.peer.write('!');
        await quiet.probe.untilReceived(i);
        assert.ok(
          flooded - before <= MOST_BETWEEN,
          `${flooded - before} bytes came before ping ${i}`,
        );
        await quiet.peer.untilReceived(i);
      }
      assert.ok(flooded < 100_000_000, 'the flood was over before the pings');
      await loud.peer.destroy();
    },
  ],
  [
    'reading-many',
    'of many connections that flood at once, each gets at least a quarter of an equal share',
    async (bench) => {
      let total = 0;
      let atEnd: readonly number[] | null = null;
      const served = await bench.serve({
        dataReceived: (_, data) => {
          total += data.length;
          if (total >= CROWD * SHARE.equal) atEnd ??= served.probes.map((p) => p.receivedBytes);
        },
      });
      const opened = [];
      for (let i = 0; i < CROWD; i++) opened.push(await served.connect());
      const flood = pattern(4 * SHARE.equal);
      for (const { peer } of opened) peer.write(flood);
      for (const { probe } of opened) await probe.untilReceived(flood.length);
      assert.ok(
        atEnd!.every((bytes) => bytes >= SHARE.least),
        `the shares were ${atEnd}`,
      );
      for (const { peer } of opened) await peer.destroy();
    },
  ],
  [
    'writing',
    'a connection that writes whenever it may does not starve another',
    async (bench) => {
      const chunk = pattern(256 * 1024);
      let left = 1000;
      const pump = ({ transport, calls }: Probe) => {
        const paused = () => calls.findLast((name) => name.endsWith('Writing')) === 'pauseWriting';
        while (left > 0 && !paused()) {
          left--;
          transport.write(chunk);
        }
      };
      const loudServer = await bench.serve({ dataReceived: pump, resumeWriting: pump });
      const quietServer = await bench.serve({
        dataReceived: (probe, data) => probe.transport.write(data),
      });
      const [loud, quiet] = [await loudServer.connect(), await quietServer.connect()];
      loud.peer.write('go');
      for (let i = 1; i <= PINGS; i++) {
        quiet.peer.write('!');
        await quiet.peer.untilReceived(i);
      }
      assert.ok(
        loud.peer.receivedBytes < 1000 * chunk.length,
        'the flood was over before the pings',
      );
      await loud.peer.destroy();
    },
  ],
  [
    'writing-until-paused',
    'a protocol that writes until it is paused is paused within 2 MiB, however much the reader takes',
    async (bench) => {
      const chunk = pattern(64 * 1024);
      const writers = {
        small: (transport: Transport) => transport.write(chunk.subarray(0, 1000)),
        large: (transport: Transport) => transport.write(chunk),
        many: (transport: Transport) => transport.writev([chunk, chunk]),
      };
      for (const [name, write] of Object.entries(writers)) {
        let written = 0;
        const { probe, peer } = await bench.open({
          dataReceived: ({ transport, calls }) => {
            while (!calls.includes('pauseWriting') && written <= MOST_WRITTEN) {
              write(transport);
              written = transport.bytesWritten + transport.writeBufferSize;
            }
          },
        });
        peer.write('!');
        await probe.untilReceived(1);
        assert.ok(written <= MOST_WRITTEN, `${name} writes: not paused after ${written} bytes`);
        await peer.untilReceived(written);
        await peer.destroy();
      }
    },
  ],
  [
    'accepting',
    'a crowd of new connections does not starve one that is there',
    async (bench) => {
      const served = await bench.serve({
        dataReceived: (probe, data) => probe.transport.write(data),
      });
      const quiet = await served.connect();
      served.server.suspend();
      for (let i = 0; i < 300; i++) await bench.connectPeer(served.address);
      quiet.peer.write('!');
      await bench.settle();
      served.server.resume();
      const before = served.probes.length;
      await quiet.probe.untilReceived(1);
      assert.ok(served.probes.length - before <= 256, 'all were accepted before one byte was read');
      await served.probeAt(300);
    },
  ],
  [
    'timers',
    'a flood does not keep timers and promises of the process waiting',
    async (bench) => {
      const { probe, peer } = await bench.open({
        dataReceived: (p, data) => p.transport.write(data),
      });
      peer.write(pattern(50_000_000));
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 1));
      assert.ok(probe.receivedBytes < 50_000_000);
      await peer.destroy();
    },
  ],
]);
