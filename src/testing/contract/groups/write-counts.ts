import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import type { Bench } from '../bench.js';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

/** What the channel for probable mistakes is told while the promise is checked. */
function warnings(bench: Bench): { message: string; transport: unknown }[] {
  const told: { message: string; transport: unknown }[] = [];
  const listener = (message: unknown) => told.push(message as (typeof told)[number]);
  diagnostics.subscribe('hawser:warning', listener);
  bench.finally(() => diagnostics.unsubscribe('hawser:warning', listener));
  return told;
}

export const writeCounts = promises(
  'write-counts',
  'what is buffered, sent and dropped is counted',
  [
    [
      'buffer-size',
      'writeBufferSize is what was written and not yet taken by the kernel, at every moment',
      async (bench) => {
        const { transport, peer } = await bench.open({}, { peerPaused: true });
        let written = 0;
        for (const size of [1, 1000, 20_000, 500_000, 8_000_000, 1, 300, 50_000]) {
          transport.write(pattern(size));
          written += size;
          assert.equal(transport.writeBufferSize + transport.bytesWritten, written);
        }
        await bench.settle();
        assert.ok(transport.writeBufferSize > 0);
        assert.equal(transport.writeBufferSize + transport.bytesWritten, written);
        peer.resume();
        await peer.untilReceived(written);
        await bench.settle();
        assert.equal(transport.writeBufferSize, 0);
        assert.equal(transport.bytesWritten, written);
      },
    ],
    [
      'flushed',
      'a small write has left the buffer when the turn is over',
      async (bench) => {
        const { transport, peer } = await bench.open();
        transport.write('hello');
        await peer.untilReceived(5);
        assert.equal(transport.writeBufferSize, 0);
        assert.equal(transport.bytesWritten, 5);
      },
    ],
    [
      'after-abort',
      'after abort() nothing is buffered and bytesWritten is what the peer gets',
      async (bench) => {
        const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
        transport.write(pattern(20_000_000));
        await bench.settle();
        transport.abort();
        await probe.untilLost();
        assert.equal(transport.writeBufferSize, 0);
        peer.resume();
        const received = await peer.untilEnded();
        assert.equal(transport.bytesWritten, received.length);
      },
    ],
    [
      'dropped-after-close',
      'writes after close() are dropped, counted, and told once as a warning',
      async (bench) => {
        const told = warnings(bench);
        const { served, transport, peer } = await bench.open();
        transport.write('kept');
        transport.close();
        transport.write('dropped');
        transport.writev([Buffer.from('dropped'), Buffer.from('too')]);
        transport.write('');
        assert.equal(String(await peer.untilEnded()), 'kept');
        assert.equal(served.server.stats().droppedWrites, 2);
        assert.equal(told.length, 1);
        assert.equal(told[0]?.transport, served.probes[0]?.raw);
        assert.match(told[0]?.message ?? '', /7 bytes/);
      },
    ],
    [
      'dropped-after-abort',
      'writes after abort() and reset() are dropped and counted',
      async (bench) => {
        const served = await bench.serve();
        for (const method of ['abort', 'reset'] as const) {
          const { transport, probe } = await served.connect();
          transport[method]();
          transport.write('dropped');
          await probe.untilLost();
          transport.write('dropped');
        }
        assert.equal(served.server.stats().droppedWrites, 4);
      },
    ],
    [
      'dropped-after-loss',
      'writes after connectionLost are dropped and counted, and never throw',
      async (bench) => {
        const { served, probe, transport, peer } = await bench.open({
          connectionLost: (p) => p.transport.write('in connectionLost'),
        });
        await peer.reset();
        await probe.untilLost();
        for (let i = 0; i < 8; i++) transport.write('dropped');
        transport.write(pattern(1_000_000));
        transport.writev([pattern(1_000_000)]);
        assert.equal(served.server.stats().droppedWrites, 11);
      },
    ],
    [
      'dropped-while-flushing',
      'writes after close() are dropped also while what came before is still being sent',
      async (bench) => {
        const { served, transport, peer } = await bench.open({}, { peerPaused: true });
        const sent = pattern(10_000_000);
        transport.write(sent);
        transport.close();
        await bench.settle();
        transport.write('dropped');
        peer.resume();
        assert.ok((await peer.untilEnded()).equals(sent));
        assert.equal(served.server.stats().droppedWrites, 1);
      },
    ],
    [
      'resume-writing-while-closing',
      'a write from resumeWriting during a closing flush is still sent',
      async (bench) => {
        const { served, probe, transport, peer } = await bench.open(
          { resumeWriting: (p) => p.transport.write('postscript') },
          { peerPaused: true },
        );
        const sent = pattern(10_000_000);
        transport.write(sent);
        transport.close();
        await bench.settle();
        peer.resume();
        const received = await peer.untilEnded();
        assert.equal(String(received.subarray(sent.length)), 'postscript');
        assert.equal(await probe.untilLost(), null);
        assert.equal(served.server.stats().droppedWrites, 0);
      },
    ],
    [
      'gone-peer',
      'write() never throws for what the network does: the loss is told through connectionLost',
      async (bench) => {
        const { probe, transport, peer } = await bench.open();
        await peer.reset();
        for (let i = 0; i < 100; i++) transport.write(pattern(100_000));
        const error = (await probe.untilLost()) as NodeJS.ErrnoException;
        assert.ok(error instanceof Error);
        assert.match(error.code ?? '', /^(ECONNRESET|EPIPE)$/);
        assert.ok((error.errno ?? 0) < 0);
        assert.match(error.syscall ?? '', /^(read|write)$/);
        assert.equal(error.message.startsWith(`${error.syscall} ${error.code}`), true);
      },
    ],
  ],
);
