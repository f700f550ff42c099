import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

export const closing = promises('closing', 'close() ends a connection in order', [
  [
    'flush',
    'close() delivers what was written before it, then FIN',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.write('all of ');
      transport.write('it');
      transport.close();
      assert.equal(String(await peer.untilEnded()), 'all of it');
      assert.equal(await probe.untilLost(), null);
      assert.equal(probe.story, 'connectionMade connectionLost');
    },
  ],
  [
    'is-closing',
    'isClosing is true from close() on, and stays true',
    async (bench) => {
      const { probe, transport } = await bench.open();
      assert.equal(transport.isClosing, false);
      transport.close();
      assert.equal(transport.isClosing, true);
      await probe.untilLost();
      assert.equal(transport.isClosing, true);
    },
  ],
  [
    'idempotent',
    'close() counts once',
    async (bench) => {
      const { served, probe, transport, peer } = await bench.open();
      transport.write('x');
      for (let i = 0; i < 5; i++) transport.close();
      assert.equal(String(await peer.untilEnded()), 'x');
      await probe.untilLost();
      transport.close();
      await bench.settle();
      assert.equal(served.server.stats().closedBy.close, 1);
    },
  ],
  [
    'no-more-data',
    'after close() nothing more is delivered, neither data nor the end of input',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({
        dataReceived: (p) => p.transport.close(),
      });
      peer.write(pattern(1_000_000));
      await peer.end();
      await probe.untilLost();
      await bench.settle();
      assert.equal(probe.count('dataReceived'), 1);
      assert.equal(probe.story, 'connectionMade dataReceived connectionLost');
      assert.ok(transport.bytesRead >= probe.receivedBytes);
    },
  ],
  [
    'unread-input',
    'close() with input unread still delivers the reply and FIN, never a reset',
    async (bench) => {
      const { peer } = await bench.open({
        dataReceived: ({ transport }, data) => {
          transport.write(data);
          transport.close();
        },
      });
      const sent = pattern(1_000_000);
      peer.write(sent);
      const received = await peer.untilEnded();
      assert.ok(received.length > 0);
      assert.ok(received.equals(sent.subarray(0, received.length)));
      await peer.end();
      await bench.settle();
      assert.equal(peer.error, null);
    },
  ],
  [
    'unread-in-made',
    'close() in connectionMade with input waiting is a clean FIN, never a reset',
    async (bench) => {
      const served = await bench.serve({ connectionMade: ({ transport }) => transport.close() });
      const { probe, peer } = await served.connectLate((p) => p.write(pattern(100_000)));
      assert.equal((await peer.untilEnded()).length, 0);
      assert.equal(await probe.untilLost(), null);
      await peer.end();
      await bench.settle();
      assert.equal(peer.error, null);
    },
  ],
  [
    'input-after-close',
    'input that arrives after close() does not turn the reply into a reset',
    async (bench) => {
      const { transport, peer } = await bench.open();
      transport.write('reply');
      transport.close();
      assert.equal(String(await peer.untilEnded()), 'reply');
      for (let i = 0; i < 10; i++) {
        peer.write(pattern(10_000));
        await bench.settle();
      }
      await peer.end();
      await bench.settle();
      assert.equal(peer.error, null);
    },
  ],
  [
    'linger-bounded',
    'a peer that never ends keeps a closed connection no longer than lingerTimeoutMs',
    async (bench) => {
      const before = bench.setup.openSockets();
      const { served, probe, transport, peer } = await bench.open({}, { lingerTimeoutMs: 50 });
      const withConnection = bench.setup.openSockets();
      transport.close();
      await probe.untilLost();
      await peer.untilEnded();
      await bench.untilOpenSockets(withConnection - 1);
      assert.ok(bench.setup.openSockets() > before);
      assert.equal(served.server.transports.size, 0);
    },
  ],
  [
    'linger-not-waited-for',
    'connectionLost does not wait for the peer’s FIN',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { lingerTimeoutMs: 60_000 });
      transport.close();
      assert.equal(await probe.untilLost(), null);
      await peer.untilEnded();
    },
  ],
  [
    'linger-off',
    'with lingerTimeoutMs 0 the socket is closed as soon as all is sent',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { lingerTimeoutMs: 0 });
      const withConnection = bench.setup.openSockets();
      transport.write('bye');
      transport.close();
      assert.equal(String(await peer.untilEnded()), 'bye');
      await probe.untilLost();
      await bench.untilOpenSockets(withConnection - 1);
    },
  ],
  [
    'slow-reader',
    'close() with 50 MB buffered for a slow reader delivers every byte, then FIN',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({}, { peerPaused: true });
      const sent = pattern(50_000_000);
      transport.write(sent);
      transport.close();
      await bench.settle();
      assert.equal(probe.count('connectionLost'), 0);
      assert.ok(transport.writeBufferSize > 0);
      peer.resume();
      assert.ok((await peer.untilEnded()).equals(sent));
      assert.equal(await probe.untilLost(), null);
      assert.equal(transport.bytesWritten, sent.length);
    },
  ],
  [
    'after-write-eof',
    'close() after writeEof() ends the connection',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.write('x');
      transport.writeEof();
      transport.close();
      assert.equal(String(await peer.untilEnded()), 'x');
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'simultaneous',
    'when both ends close in the same moment both see an orderly end',
    async (bench) => {
      const served = await bench.serve();
      for (let i = 0; i < 20; i++) {
        const { probe, transport, peer } = await served.connect();
        peer.write('from the peer');
        const ended = peer.end();
        transport.write('from us');
        transport.close();
        await ended;
        assert.equal(String(await peer.untilEnded()), 'from us');
        assert.equal(await probe.untilLost(), null);
      }
    },
  ],
  [
    'in-eof-received',
    'close() in eofReceived that returns true closes all the same',
    async (bench) => {
      const { probe, peer } = await bench.open({
        eofReceived: ({ transport }) => {
          transport.close();
          return true;
        },
      });
      await peer.end();
      assert.equal(await probe.untilLost(), null);
      await peer.untilEnded();
    },
  ],
  [
    'in-resume-writing',
    'close() in resumeWriting delivers everything',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({
        resumeWriting: (p) => p.transport.close(),
      });
      const sent = pattern(10_000_000);
      transport.write(sent);
      assert.ok((await peer.untilEnded()).equals(sent));
      assert.equal(await probe.untilLost(), null);
    },
  ],
]);
