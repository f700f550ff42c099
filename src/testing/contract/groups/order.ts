import assert from 'node:assert/strict';
import type { Probe } from '../probe.js';
import { promises } from '../promise.js';
import { nextTurn } from '../waiting.js';

export const order = promises('order', 'callbacks come in their order, each as often as promised', [
  [
    'made-first',
    'connectionMade is called once, with the transport, before anything else',
    async (bench) => {
      const { probe, peer } = await bench.open();
      assert.equal(probe.raw.protocol, probe.protocol);
      peer.write('hello');
      await probe.untilReceived(5);
      assert.equal(probe.story, 'connectionMade dataReceived');
    },
  ],
  [
    'whole-life',
    'data, end of input and connectionLost come in this order',
    async (bench) => {
      const { probe, peer } = await bench.open();
      peer.write('hello');
      await peer.end();
      assert.equal(await probe.untilLost(), null);
      assert.equal(probe.story, 'connectionMade dataReceived eofReceived connectionLost');
      assert.equal(probe.text, 'hello');
    },
  ],
  [
    'early-data',
    'data and FIN that came before the connection was accepted are delivered after connectionMade',
    async (bench) => {
      const served = await bench.serve();
      const { probe } = await served.connectLate((peer) => {
        peer.write('early');
        return peer.end();
      });
      await probe.untilLost();
      assert.equal(probe.story, 'connectionMade dataReceived eofReceived connectionLost');
      assert.equal(probe.text, 'early');
    },
  ],
  [
    'lost-once',
    'connectionLost is called once, however often and in whatever way the transport is ended',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.close();
      transport.abort();
      transport.reset();
      transport.close();
      await probe.untilLost();
      transport.abort();
      transport.close();
      await peer.untilOver();
      await bench.settle();
      assert.equal(probe.count('connectionLost'), 1);
    },
  ],
  [
    'lost-last',
    'nothing is called after connectionLost, whatever is done to the transport there',
    async (bench) => {
      const { probe, peer } = await bench.open({
        connectionLost: ({ transport }) => {
          transport.resumeReading();
          transport.write('too late');
          transport.setWriteBufferLimits({ high: 0 });
          transport.writeEof();
          transport.pauseReading();
          transport.close();
          transport.reset();
        },
      });
      peer.write('hello');
      await peer.end();
      await probe.untilLost();
      await bench.settle();
      assert.equal(probe.calls.at(-1), 'connectionLost');
    },
  ],
  [
    'optional-callbacks',
    'a protocol needs only dataReceived',
    async (bench) => {
      let received = '';
      const plain = { dataReceived: (data: Buffer) => (received += data.toString()) };
      const served = await bench.serveRaw(() => plain);
      const peer = await bench.connectPeer(served.address);
      peer.write('hello');
      await peer.end();
      assert.equal((await peer.untilEnded()).length, 0);
      assert.equal(received, 'hello');
      await bench.within('connection closed', served.untilClosed(1));
    },
  ],
  [
    'this',
    'callbacks are called as methods of their protocol',
    async (bench) => {
      class Upper {
        private transport: { write(data: string): void } | undefined;
        connectionMade(transport: { write(data: string): void }) {
          this.transport = transport;
        }
        dataReceived(data: Buffer) {
          this.transport?.write(data.toString().toUpperCase());
        }
      }
      const served = await bench.serveRaw(() => new Upper());
      const peer = await bench.connectPeer(served.address);
      peer.write('hello');
      assert.equal(String(await peer.untilReceived(5)), 'HELLO');
    },
  ],
  [
    'no-reentrancy',
    'no callback starts inside a call of the transport, whatever is called from whichever callback',
    async (bench) => {
      const fidget = ({ transport }: Probe) => {
        transport.write('x');
        transport.pauseReading();
        transport.resumeReading();
        transport.setWriteBufferLimits({ high: 0 });
        transport.setWriteBufferLimits({});
        transport.writev([Buffer.from('y')]);
      };
      const served = await bench.serve({
        connectionMade: fidget,
        dataReceived: fidget,
        pauseWriting: ({ transport }) => transport.write('z'),
        resumeWriting: fidget,
        eofReceived: (probe) => {
          fidget(probe);
          return true;
        },
      });
      const { probe, peer } = await served.connect();
      for (let i = 0; i < 50; i++) peer.write(Buffer.alloc(10_000));
      await peer.end();
      await probe.untilCalled('eofReceived');
      assert.equal(probe.receivedBytes, 500_000);
      probe.transport.close();
      await probe.untilLost();
      await peer.untilEnded();
    },
  ],
  [
    'close-is-not-lost-yet',
    'close(), abort() and reset() return before connectionLost is called',
    async (bench) => {
      const served = await bench.serve();
      for (const method of ['close', 'abort', 'reset'] as const) {
        const { probe } = await served.connect();
        probe.transport[method]();
        assert.equal(probe.count('connectionLost'), 0, method);
        assert.equal(await probe.untilLost(), null, method);
      }
    },
  ],
  [
    'server-calls',
    'closeTransports() and abortTransports() return before connectionLost is called',
    async (bench) => {
      const served = await bench.serve();
      for (const method of ['closeTransports', 'abortTransports'] as const) {
        const connections = [await served.connect(), await served.connect()];
        served.server[method]();
        for (const { probe } of connections) assert.equal(probe.count('connectionLost'), 0, method);
        for (const { probe } of connections) assert.equal(await probe.untilLost(), null, method);
      }
    },
  ],
  [
    'lost-inside-made',
    'a connection that is closed in connectionMade is lost after connectionMade returned',
    async (bench) => {
      for (const method of ['close', 'abort', 'reset'] as const) {
        const served = await bench.serve({
          connectionMade: ({ transport }) => transport[method](),
        });
        const { probe } = await served.connectLate();
        assert.equal(await probe.untilLost(), null, method);
        assert.equal(probe.story, 'connectionMade connectionLost', method);
      }
    },
  ],
  [
    'turn-before-microtasks',
    'the callbacks of one event-loop turn all run before the microtasks they queue',
    async (bench) => {
      const log: string[] = [];
      const served = await bench.serve({
        connectionMade: ({ transport }) => transport.pauseReading(),
        dataReceived: (_, data) => {
          log.push(data.toString());
          queueMicrotask(() => log.push('microtask'));
        },
      });
      const connections = [await served.connect(), await served.connect()];
      for (const { peer } of connections) peer.write('data');
      await bench.settle();
      for (const { transport } of connections) transport.resumeReading();
      for (const { probe } of connections) await probe.untilReceived(4);
      await nextTurn();
      assert.deepEqual(log, ['data', 'data', 'microtask', 'microtask']);
    },
  ],
]);
