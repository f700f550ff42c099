import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import type { Probe } from '../probe.js';
import { promises } from '../promise.js';

export const flowUse = promises('flow-use', 'flow control in use', [
  [
    'bounded-writer',
    'a writer that obeys sends 30 MB with never more buffered than the mark and one chunk',
    async (bench) => {
      const chunk = pattern(50_000);
      let most = 0;
      let left = 600;
      const pump = ({ transport, calls }: Probe) => {
        const paused = () => calls.findLast((name) => name.endsWith('Writing')) === 'pauseWriting';
        while (left > 0 && !paused()) {
          left--;
          transport.write(chunk);
          most = Math.max(most, transport.writeBufferSize);
        }
      };
      const { peer } = await bench.open({ connectionMade: pump, resumeWriting: pump });
      const received = await peer.untilReceived(30_000_000);
      assert.ok(most <= 65_536 + 50_000, `${most} bytes were buffered`);
      for (let at = 0; at < received.length; at += 50_000) {
        assert.ok(received.subarray(at, at + 50_000).equals(chunk), `at ${at}`);
      }
    },
  ],
  [
    'throttled-echo',
    'an echo that pauses reading while writing is paused bounds memory against a peer that does not read',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(
        {
          dataReceived: (p, data) => p.transport.write(data),
          pauseWriting: (p) => p.transport.pauseReading(),
          resumeWriting: (p) => p.transport.resumeReading(),
        },
        { peerPaused: true },
      );
      const sent = pattern(25_000_000);
      peer.write(sent);
      await probe.untilCalled('pauseWriting');
      await bench.settle();
      assert.ok(transport.writeBufferSize <= 65_536 * 2 + 65_536);
      assert.ok(peer.unsentBytes > 0);
      peer.resume();
      assert.ok((await peer.untilReceived(sent.length)).equals(sent));
    },
  ],
  [
    'write-in-resume',
    'resumeWriting may write until it is paused again',
    async (bench) => {
      const chunk = pattern(1_000_000);
      let written = 0;
      let rounds = 0;
      const writeUntilPaused = (p: Probe) => {
        rounds++;
        while (p.count('pauseWriting') < rounds) {
          p.transport.write(chunk);
          written += chunk.length;
        }
      };
      const { probe, peer } = await bench.open({
        resumeWriting: (p) => {
          if (rounds < 6) writeUntilPaused(p);
        },
      });
      writeUntilPaused(probe);
      await probe.untilCalled('resumeWriting', 6);
      await peer.untilReceived(written);
      assert.equal(probe.count('pauseWriting'), 6);
    },
  ],
  [
    'write-in-pause',
    'a write in pauseWriting is sent like any other and pauses nobody twice',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(
        { pauseWriting: (p) => p.transport.write('one more') },
        { peerPaused: true },
      );
      const sent = pattern(10_000_000);
      transport.write(sent);
      assert.equal(probe.count('pauseWriting'), 1);
      peer.resume();
      const received = await peer.untilReceived(sent.length + 8);
      assert.equal(String(received.subarray(sent.length)), 'one more');
    },
  ],
  [
    'close-in-pause',
    'close() in pauseWriting sends everything written so far',
    async (bench) => {
      const { probe, transport, peer } = await bench.open(
        { pauseWriting: (p) => p.transport.close() },
        { peerPaused: true },
      );
      const sent = pattern(10_000_000);
      transport.write(sent);
      assert.equal(transport.isClosing, true);
      peer.resume();
      assert.ok((await peer.untilEnded()).equals(sent));
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'abort-in-pause',
    'abort() and reset() in pauseWriting end the connection after the write has returned',
    async (bench) => {
      for (const method of ['abort', 'reset'] as const) {
        const { probe, transport } = await bench.open(
          { pauseWriting: (p) => p.transport[method]() },
          { peerPaused: true },
        );
        transport.write(pattern(10_000_000));
        transport.write('dropped');
        assert.equal(await probe.untilLost(), null);
        assert.equal(probe.story, 'connectionMade pauseWriting connectionLost', method);
      }
    },
  ],
  [
    'resume-before-lost',
    'in a closing flush resumeWriting comes before connectionLost',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      transport.write(pattern(10_000_000));
      transport.close();
      peer.resume();
      await probe.untilLost();
      assert.equal(probe.story, 'connectionMade pauseWriting resumeWriting connectionLost');
    },
  ],
  [
    'no-resume-after-abort',
    'after abort() there is no resumeWriting, only connectionLost',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      transport.write(pattern(10_000_000));
      transport.abort();
      peer.resume();
      await probe.untilLost();
      await peer.untilEnded();
      assert.equal(probe.story, 'connectionMade pauseWriting connectionLost');
    },
  ],
  [
    'no-resume-after-loss',
    'after a reset by the peer there is no resumeWriting, only connectionLost',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      transport.write(pattern(10_000_000));
      await bench.settle();
      await peer.reset();
      await probe.untilLost();
      assert.equal(probe.story, 'connectionMade pauseWriting connectionLost');
    },
  ],
]);
