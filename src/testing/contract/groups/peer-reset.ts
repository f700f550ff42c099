import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

const keepOpen = { eofReceived: () => true };

function assertReset(error: Error | null, expected = /^ECONNRESET$/): void {
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  assert.match(String(code), expected);
  assert.ok((errno ?? 0) < 0, `errno is ${errno}`);
  assert.match(String(syscall), /^(read|write|shutdown)$/);
}

export const peerReset = promises(
  'peer-reset',
  'a reset by the peer is told once, at every stage',
  [
    [
      'idle',
      'a reset of an idle connection is connectionLost with ECONNRESET, counted as peer-reset',
      async (bench) => {
        const { served, probe, peer } = await bench.open();
        await peer.reset();
        assertReset(await probe.untilLost());
        assert.equal(probe.story, 'connectionMade connectionLost');
        assert.equal(served.server.stats().closedBy['peer-reset'], 1);
      },
    ],
    [
      'before-accept',
      'a reset before the connection is accepted harms nobody: it is lost as soon as it is made, or never seen',
      async (bench) => {
        const served = await bench.serve();
        served.server.suspend();
        const peer = await bench.connectPeer(served.address);
        await peer.reset();
        served.server.resume();
        const { probe, peer: next } = await served.connectAnother();
        next.write('hello');
        await probe.untilReceived(5);
        await bench.settle();
        for (const { story } of served.probes.slice(0, -1)) {
          assert.equal(story, 'connectionMade connectionLost');
        }
      },
    ],
    [
      'queued-with-data',
      'a reset behind data in the accept queue is told after the data, or instead of it',
      async (bench) => {
        const served = await bench.serve();
        const { probe } = await served.connectLate(async (peer) => {
          peer.write('last words');
          await bench.settle();
          await peer.reset();
        });
        assertReset(await probe.untilLost());
        assert.ok('last words'.startsWith(probe.text));
        assert.equal(probe.count('eofReceived'), 0);
      },
    ],
    [
      'address-of-gone-peer',
      'the addresses of a connection that was reset before it was accepted are known',
      async (bench) => {
        const seen: string[] = [];
        const served = await bench.serve({
          connectionMade: ({ transport }) =>
            seen.push(`${transport.remoteAddress} ${transport.localAddress}`),
        });
        const { peer } = await served.connectLate((p) => p.reset());
        assert.deepEqual(seen, [`${peer.localAddress} ${served.address}`]);
      },
    ],
    [
      'mid-read',
      'a reset in the middle of input is told after what was delivered',
      async (bench) => {
        const { probe, peer } = await bench.open();
        peer.write(pattern(100_000));
        await probe.untilReceived(100_000);
        peer.write(pattern(50_000));
        await peer.reset();
        assertReset(await probe.untilLost());
        assert.equal(probe.story, 'connectionMade dataReceived connectionLost');
      },
    ],
    [
      'mid-write',
      'a reset while data is buffered is told, and nothing stays buffered',
      async (bench) => {
        const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
        transport.write(pattern(20_000_000));
        await bench.settle();
        await peer.reset();
        assertReset(await probe.untilLost(), /^(ECONNRESET|EPIPE)$/);
        assert.equal(transport.writeBufferSize, 0);
      },
    ],
    [
      'mid-write-paused',
      'a reset while data is buffered and reading is paused is told without a resume',
      async (bench) => {
        const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
        transport.pauseReading();
        transport.write(pattern(20_000_000));
        await bench.settle();
        await peer.reset();
        assertReset(await probe.untilLost(), /^(ECONNRESET|EPIPE)$/);
      },
    ],
    [
      'next-write',
      'a reset that meets a write in the same turn is told once',
      async (bench) => {
        const served = await bench.serve();
        for (let i = 0; i < 20; i++) {
          const { probe, transport, peer } = await served.connect();
          const gone = peer.reset();
          transport.write('small');
          transport.write(pattern(100_000));
          await gone;
          assertReset(await probe.untilLost(), /^(ECONNRESET|EPIPE)$/);
          assert.equal(probe.count('connectionLost'), 1);
        }
      },
    ],
    [
      'after-fin',
      'a reset after the peer’s own FIN is told when our side was kept open',
      async (bench) => {
        const { probe, transport, peer } = await bench.open(keepOpen, { peerPaused: true });
        await peer.end();
        await probe.untilCalled('eofReceived');
        transport.write(pattern(20_000_000));
        await bench.settle();
        await peer.reset();
        assertReset(await probe.untilLost(), /^(ECONNRESET|EPIPE)$/);
      },
    ],
    [
      'after-fin-idle',
      'a reset after the peer’s own FIN is told even when we neither read nor write',
      async (bench) => {
        const { probe, peer } = await bench.open(keepOpen);
        await peer.end();
        await probe.untilCalled('eofReceived');
        await peer.reset();
        assertReset(await probe.untilLost(), /^(ECONNRESET|EPIPE)$/);
      },
    ],
    [
      'after-our-fin',
      'a reset after our writeEof() is told',
      async (bench) => {
        const { probe, transport, peer } = await bench.open();
        transport.writeEof();
        await peer.untilEnded();
        await peer.reset();
        assertReset(await probe.untilLost());
      },
    ],
    [
      'while-closing',
      'a reset while close() is still sending is told as the error it is',
      async (bench) => {
        const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
        transport.write(pattern(20_000_000));
        transport.close();
        await bench.settle();
        await peer.reset();
        assertReset(await probe.untilLost(), /^(ECONNRESET|EPIPE)$/);
      },
    ],
    [
      'while-lingering',
      'a reset after close() has sent everything is nobody’s trouble',
      async (bench) => {
        const { served, probe, transport, peer } = await bench.open();
        transport.write('bye');
        transport.close();
        await peer.untilEnded();
        assert.equal(await probe.untilLost(), null);
        await peer.reset();
        await bench.settle();
        assert.equal(served.server.stats().closedBy.close, 1);
      },
    ],
    [
      'others-unharmed',
      'resets of some connections leave the others unharmed',
      async (bench) => {
        const served = await bench.serve({ dataReceived: (p, data) => p.transport.write(data) });
        const connections = [];
        for (let i = 0; i < 30; i++) connections.push(await served.connect());
        const [doomed, kept] = [connections.slice(0, 15), connections.slice(15)];
        for (const { peer } of connections) peer.write('hello');
        await Promise.all(doomed.map(({ peer }) => peer.reset()));
        for (const { peer } of kept) assert.equal(String(await peer.untilReceived(5)), 'hello');
        for (const { probe } of doomed) await probe.untilLost();
        assert.equal(served.server.stats().active, 15);
      },
    ],
  ],
);
