import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

const keepOpen = { eofReceived: () => true };
const afterEnd = { code: 'ERR_STREAM_WRITE_AFTER_END' };

export const halfClose = promises('half-close', 'each direction ends by itself', [
  [
    'fin-after-data',
    'writeEof() sends what was written, then FIN',
    async (bench) => {
      const { transport, peer } = await bench.open();
      transport.write('all');
      transport.writeEof();
      assert.equal(String(await peer.untilEnded()), 'all');
    },
  ],
  [
    'fin-after-large',
    'writeEof() behind 20 MB for a slow reader sends all of it, then FIN',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      const sent = pattern(20_000_000);
      transport.write(sent);
      transport.writeEof();
      await bench.settle();
      peer.resume();
      assert.ok((await peer.untilEnded()).equals(sent));
      assert.equal(probe.story, 'connectionMade pauseWriting resumeWriting');
      assert.equal(transport.isClosing, false);
    },
  ],
  [
    'reading-goes-on',
    'after writeEof() the peer can go on sending',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.writeEof();
      await peer.untilEnded();
      const sent = pattern(300_000);
      peer.write(sent);
      assert.ok((await probe.untilReceived(sent.length)).equals(sent));
      assert.equal(transport.isClosing, false);
      assert.equal(transport.isReading, true);
    },
  ],
  [
    'then-peer-ends',
    'after writeEof() the peer’s FIN ends the connection in order',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.writeEof();
      await peer.untilEnded();
      peer.write('reply');
      await peer.end();
      assert.equal(await probe.untilLost(), null);
      assert.equal(probe.story, 'connectionMade dataReceived eofReceived connectionLost');
    },
  ],
  [
    'in-made',
    'writeEof() in connectionMade makes a connection that only receives',
    async (bench) => {
      const { probe, peer } = await bench.open({
        connectionMade: ({ transport }) => transport.writeEof(),
      });
      assert.equal((await peer.untilEnded()).length, 0);
      peer.write('hello');
      await probe.untilReceived(5);
    },
  ],
  [
    'write-eof-idempotent',
    'writeEof() counts once, and not at all after close()',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.write('x');
      transport.writeEof();
      transport.writeEof();
      await peer.untilEnded();
      transport.writeEof();
      transport.close();
      transport.writeEof();
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'write-after-eof',
    'write() and writev() after writeEof() throw at once, also an empty write, and harm nothing',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.write('kept');
      transport.writeEof();
      assert.throws(() => transport.write('x'), afterEnd);
      assert.throws(() => transport.write(''), afterEnd);
      assert.throws(() => transport.writev([Buffer.from('x')]), afterEnd);
      assert.equal(String(await peer.untilEnded()), 'kept');
      peer.write('still here');
      await probe.untilReceived(10);
      assert.equal(transport.isClosing, false);
    },
  ],
  [
    'write-after-eof-throws-in-callback',
    'the error of a write after writeEof() that a callback lets through ends that connection',
    async (bench) => {
      const { served, probe, peer } = await bench.open({
        dataReceived: ({ transport }) => {
          transport.writeEof();
          transport.write('mistake');
        },
      });
      peer.write('go');
      assert.equal(((await probe.untilLost()) as NodeJS.ErrnoException).code, afterEnd.code);
      await served.takeErrors();
    },
  ],
  [
    'keep-open',
    'eofReceived that returns true keeps our side open for as long as we like',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(keepOpen);
      peer.write('question');
      await peer.end();
      await probe.untilCalled('eofReceived');
      await bench.settle();
      assert.equal(transport.isClosing, false);
      const answer = pattern(2_000_000);
      transport.write(answer);
      transport.close();
      assert.ok((await peer.untilEnded()).equals(answer));
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'only-true',
    'eofReceived that returns anything but true closes the transport',
    async (bench) => {
      for (const value of [undefined, false, 1, 'true', {}, Promise.resolve(true)]) {
        const { probe, peer } = await bench.open({ eofReceived: () => value });
        await peer.end();
        assert.equal(await probe.untilLost(), null);
        assert.equal((await peer.untilEnded()).length, 0);
      }
    },
  ],
  [
    'flush-on-eof',
    'the close that follows eofReceived sends what is still buffered',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      const sent = pattern(10_000_000);
      transport.write(sent);
      await peer.end();
      await probe.untilCalled('eofReceived');
      peer.resume();
      assert.ok((await peer.untilEnded()).equals(sent));
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'write-in-eof',
    'what eofReceived writes is sent before the close',
    async (bench) => {
      const { peer } = await bench.open({ eofReceived: (p) => p.transport.write('goodbye') });
      await peer.end();
      assert.equal(String(await peer.untilEnded()), 'goodbye');
    },
  ],
  [
    'eof-once',
    'the end of input is told once, whatever is done with reading afterwards',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(keepOpen);
      await peer.end();
      await probe.untilCalled('eofReceived');
      for (let i = 0; i < 3; i++) {
        transport.pauseReading();
        await bench.settle();
        transport.resumeReading();
        await bench.settle();
      }
      assert.equal(probe.count('eofReceived'), 1);
    },
  ],
  [
    'both-ended',
    'with both directions ended the connection stays until close()',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(keepOpen);
      transport.writeEof();
      await peer.untilEnded();
      await peer.end();
      await probe.untilCalled('eofReceived');
      await bench.settle();
      assert.equal(probe.count('connectionLost'), 0);
      transport.close();
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'idle-half-open',
    'a half-open connection costs nothing while it waits',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(keepOpen);
      await peer.end();
      await probe.untilCalled('eofReceived');
      transport.writeEof();
      await peer.untilEnded();
      await bench.settle();
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 50_000, `${user + system} µs of CPU in 100 ms of waiting`);
    },
  ],
]);
