import assert from 'node:assert/strict';
import type { Bench, Connection } from '../bench.js';
import { pattern } from '../pattern.js';
import type { ProbeHandlers } from '../probe.js';
import { promises } from '../promise.js';

/**
 * A connection whose peer does not read and whose kernel buffers are full: from here
 * on, what is written stays in the write buffer to the byte.
 */
async function full(bench: Bench, handlers: ProbeHandlers = {}): Promise<Connection> {
  const connection = await bench.open(handlers, {
    peerPaused: true,
    writeBufferLimits: { high: Infinity, low: 0 },
  });
  const { transport } = connection;
  transport.write(pattern(12_000_000));
  await bench.settle();
  assert.ok(transport.writeBufferSize > 0, 'the kernel took everything');
  return connection;
}

export const flow = promises('flow', 'the writer is paused and resumed to the byte', [
  [
    'defaults',
    'the limits are 64 KiB and 16 KiB unless told otherwise',
    async (bench) => {
      const { transport } = await bench.open();
      assert.deepEqual({ ...transport.writeBufferLimits }, { low: 16_384, high: 65_536 });
    },
  ],
  [
    'set',
    'low defaults to a quarter of high, high to four times low, both to the defaults',
    async (bench) => {
      const { transport } = await bench.open();
      const after = (limits: { high?: number; low?: number }) => {
        transport.setWriteBufferLimits(limits);
        const { low, high } = transport.writeBufferLimits;
        return [low, high];
      };
      assert.deepEqual(after({ high: 100 }), [25, 100]);
      assert.deepEqual(after({ high: 103 }), [25, 103]);
      assert.deepEqual(after({ low: 100 }), [100, 400]);
      assert.deepEqual(after({ high: 0 }), [0, 0]);
      assert.deepEqual(after({ low: 7, high: 7 }), [7, 7]);
      assert.deepEqual(after({}), [16_384, 65_536]);
    },
  ],
  [
    'bad-limits',
    'limits that are not whole numbers with 0 <= low <= high throw a RangeError and change nothing',
    async (bench) => {
      const { transport } = await bench.open();
      transport.setWriteBufferLimits({ low: 10, high: 20 });
      for (const limits of [
        { low: 2, high: 1 },
        { high: -1 },
        { low: -1 },
        { high: 1.5 },
        { high: NaN },
        { low: 11, high: 10 },
      ]) {
        assert.throws(
          () => transport.setWriteBufferLimits(limits),
          RangeError,
          JSON.stringify(limits),
        );
      }
      assert.deepEqual({ ...transport.writeBufferLimits }, { low: 10, high: 20 });
    },
  ],
  [
    'server-wide',
    'the writeBufferLimits of a server are those of its connections',
    async (bench) => {
      const { transport } = await bench.open({}, { writeBufferLimits: { high: 1000 } });
      assert.deepEqual({ ...transport.writeBufferLimits }, { low: 250, high: 1000 });
    },
  ],
  [
    'above-not-at',
    'pauseWriting comes with the first byte above the high-water mark, not at it',
    async (bench) => {
      const { probe, transport } = await full(bench);
      const size = transport.writeBufferSize;
      transport.setWriteBufferLimits({ high: size + 10, low: 0 });
      transport.write(Buffer.alloc(9));
      transport.write(Buffer.alloc(1));
      assert.equal(transport.writeBufferSize, size + 10);
      assert.equal(probe.count('pauseWriting'), 0);
      transport.write(Buffer.alloc(1));
      assert.equal(probe.count('pauseWriting'), 1);
    },
  ],
  [
    'inside-write',
    'pauseWriting is called before the write that crossed the mark returns, for writev() too',
    async (bench) => {
      const connections = [await full(bench), await full(bench)];
      for (const [i, { probe, transport }] of connections.entries()) {
        transport.setWriteBufferLimits({ high: transport.writeBufferSize });
        assert.equal(probe.count('pauseWriting'), 0);
        if (i === 0) transport.write('!');
        else transport.writev([Buffer.from('!')]);
        assert.equal(probe.count('pauseWriting'), 1);
      }
    },
  ],
  [
    'pause-once',
    'pauseWriting is called once however much more is written',
    async (bench) => {
      const { probe, transport } = await full(bench);
      transport.setWriteBufferLimits({ high: 1000 });
      for (let i = 0; i < 100; i++) transport.write(pattern(100_000));
      assert.equal(probe.count('pauseWriting'), 1);
    },
  ],
  [
    'lowering',
    'lowering the limits below what is buffered calls pauseWriting before it returns',
    async (bench) => {
      const { probe, transport } = await full(bench);
      transport.setWriteBufferLimits({ high: transport.writeBufferSize });
      assert.equal(probe.count('pauseWriting'), 0);
      transport.setWriteBufferLimits({ high: transport.writeBufferSize - 1 });
      assert.equal(probe.count('pauseWriting'), 1);
    },
  ],
  [
    'lowering-in-turn',
    'lowering the limits right after a small write leaves no writer paused for good',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.write('x');
      transport.setWriteBufferLimits({ high: 0 });
      await peer.untilReceived(1);
      await bench.settle();
      assert.equal(probe.count('pauseWriting'), probe.count('resumeWriting'));
    },
  ],
  [
    'raising',
    'raising the limits while paused resumes nothing before it returns, and a later drain does',
    async (bench) => {
      const { probe, transport, peer } = await full(bench);
      transport.setWriteBufferLimits({ high: 0 });
      transport.setWriteBufferLimits({ high: Infinity, low: 100_000_000 });
      assert.equal(probe.count('resumeWriting'), 0);
      peer.resume();
      await probe.untilCalled('resumeWriting');
    },
  ],
  [
    'resume-at-low',
    'resumeWriting comes when the buffer has fallen to the low-water mark, once, not before',
    async (bench) => {
      const { probe, transport, peer } = await full(bench);
      transport.setWriteBufferLimits({ high: 2_000_000, low: 1_000_000 });
      assert.equal(probe.count('pauseWriting'), 1);
      peer.resume();
      await probe.untilCalled('resumeWriting');
      await peer.untilReceived(12_000_000);
      await bench.settle();
      assert.equal(probe.count('resumeWriting'), 1);
    },
  ],
  [
    'zero',
    'with limits of 0 any buffered byte pauses, and only an empty buffer resumes',
    async (bench) => {
      const sizes: number[] = [];
      const { probe, transport, peer } = await full(bench, {
        resumeWriting: (p) => sizes.push(p.transport.writeBufferSize),
      });
      transport.setWriteBufferLimits({ high: 0 });
      assert.equal(probe.count('pauseWriting'), 1);
      peer.resume();
      await probe.untilCalled('resumeWriting');
      assert.deepEqual(sizes, [0]);
    },
  ],
  [
    'equal',
    'with equal limits the writer pauses above and resumes at them',
    async (bench) => {
      const { probe, transport, peer } = await full(bench);
      transport.setWriteBufferLimits({ high: 500_000, low: 500_000 });
      peer.resume();
      await probe.untilCalled('resumeWriting');
      peer.pause();
      transport.write(pattern(20_000_000));
      await probe.untilCalled('pauseWriting', 2);
      peer.resume();
      await probe.untilCalled('resumeWriting', 2);
    },
  ],
  [
    'infinite',
    'with an infinite high-water mark the writer is never paused',
    async (bench) => {
      const { probe, transport, peer } = await full(bench);
      transport.write(pattern(5_000_000));
      peer.resume();
      await peer.untilReceived(17_000_000);
      assert.equal(probe.story, 'connectionMade');
    },
  ],
  [
    'kernel-takes-it',
    'a write that the kernel takes at once pauses nobody, however large the batch of small writes',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(
        {},
        { writeBufferLimits: { high: 4096 } },
      );
      for (let i = 0; i < 100; i++) transport.write(pattern(1000));
      assert.equal(probe.count('pauseWriting'), 0);
      await peer.untilReceived(100_000);
    },
  ],
]);
