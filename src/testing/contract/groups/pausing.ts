import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import type { Probe } from '../probe.js';
import { promises } from '../promise.js';
import { nextTurn } from '../waiting.js';

const pause = ({ transport }: Probe) => transport.pauseReading();

export const pausing = promises('pausing', 'reading stops and goes on as told', [
  [
    'in-made',
    'pauseReading() in connectionMade stops the very first read',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({ connectionMade: pause });
      peer.write('hello');
      await bench.settle();
      assert.equal(probe.story, 'connectionMade');
      transport.resumeReading();
      await probe.untilReceived(5);
    },
  ],
  [
    'in-made-early-data',
    'pauseReading() in connectionMade holds back what came before the connection was accepted',
    async (bench) => {
      const served = await bench.serve({ connectionMade: pause });
      const { probe } = await served.connectLate((peer) => {
        peer.write('early');
        return peer.end();
      });
      await bench.settle();
      assert.equal(probe.story, 'connectionMade');
      probe.transport.resumeReading();
      await probe.untilLost();
      assert.equal(probe.text, 'early');
    },
  ],
  [
    'in-data',
    'pauseReading() in dataReceived makes that chunk the last until resumeReading()',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({ dataReceived: pause });
      peer.write(pattern(500_000));
      await probe.untilCalled('dataReceived');
      await bench.settle();
      assert.equal(probe.count('dataReceived'), 1);
      transport.resumeReading();
      await probe.untilCalled('dataReceived', 2);
      await bench.settle();
      assert.equal(probe.count('dataReceived'), 2);
    },
  ],
  [
    'chunk-by-chunk',
    'a protocol that pauses at every chunk still gets every byte in order',
    async (bench) => {
      const { probe, peer } = await bench.open({
        dataReceived: ({ transport }) => {
          transport.pauseReading();
          setImmediate(() => transport.resumeReading());
        },
      });
      const sent = pattern(1_000_003);
      peer.write(sent);
      await peer.end();
      await probe.untilLost();
      assert.ok(probe.received.equals(sent));
    },
  ],
  [
    'no-data',
    'while paused no data is delivered',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.pauseReading();
      peer.write('hello');
      await bench.settle();
      assert.equal(probe.story, 'connectionMade');
      transport.resumeReading();
      await probe.untilReceived(5);
      assert.equal(probe.text, 'hello');
    },
  ],
  [
    'no-eof',
    'while paused the end of input is not delivered; after the resume it is',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.pauseReading();
      await peer.end();
      await bench.settle();
      assert.equal(probe.story, 'connectionMade');
      transport.resumeReading();
      await probe.untilLost();
      assert.equal(probe.story, 'connectionMade eofReceived connectionLost');
    },
  ],
  [
    'data-then-eof',
    'data and end of input that came while paused are delivered in order after the resume',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.pauseReading();
      const sent = pattern(100_000);
      peer.write(sent);
      await peer.end();
      await bench.settle();
      transport.resumeReading();
      await probe.untilLost();
      assert.ok(probe.received.equals(sent));
      assert.equal(probe.story, 'connectionMade dataReceived eofReceived connectionLost');
    },
  ],
  [
    'eof-after-pause-in-data',
    'pauseReading() in dataReceived holds back an end of input that is there already',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({ dataReceived: pause });
      peer.write('last words');
      await peer.end();
      await probe.untilReceived(10);
      await bench.settle();
      assert.equal(probe.count('eofReceived'), 0);
      transport.resumeReading();
      await probe.untilLost();
      assert.equal(probe.count('eofReceived'), 1);
    },
  ],
  [
    'reset-while-paused',
    'a reset while paused is told no later than the resume',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.pauseReading();
      await peer.reset();
      await bench.settle();
      transport.resumeReading();
      const error = await probe.untilLost();
      assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
      assert.equal(probe.story, 'connectionMade connectionLost');
    },
  ],
  [
    'no-spin',
    'a paused connection that was reset or ended costs nothing while it waits',
    async (bench) => {
      const served = await bench.serve({ connectionMade: pause });
      const [first, second] = [await served.connect(), await served.connect()];
      await first.peer.reset();
      await second.peer.end();
      await bench.settle();
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 50_000, `${user + system} µs of CPU in 100 ms of waiting`);
    },
  ],
  [
    'resume-delivers-later',
    'resumeReading() delivers nothing before it returns',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({ dataReceived: pause });
      peer.write(pattern(300_000));
      for (let call = 1; probe.receivedBytes < 300_000; call++) {
        await probe.untilCalled('dataReceived', call);
        await bench.settle();
        transport.resumeReading();
        assert.equal(probe.count('dataReceived'), call);
      }
    },
  ],
  [
    'pause-after-resume',
    'a pause after a resume in the same turn wins, also over what was waiting',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.pauseReading();
      peer.write('hello');
      await peer.end();
      await bench.settle();
      transport.resumeReading();
      transport.pauseReading();
      await bench.settle();
      assert.equal(probe.story, 'connectionMade');
      transport.resumeReading();
      await probe.untilLost();
      assert.equal(probe.text, 'hello');
    },
  ],
  [
    'idempotent',
    'pauseReading() and resumeReading() count once however often they are called',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.resumeReading();
      transport.pauseReading();
      transport.pauseReading();
      assert.equal(transport.isReading, false);
      transport.resumeReading();
      assert.equal(transport.isReading, true);
      transport.resumeReading();
      peer.write('hello');
      await probe.untilReceived(5);
      assert.equal(probe.text, 'hello');
    },
  ],
  [
    'is-reading',
    'isReading is true unless paused or closing',
    async (bench) => {
      const { probe, transport } = await bench.open();
      assert.equal(transport.isReading, true);
      transport.pauseReading();
      assert.equal(transport.isReading, false);
      transport.resumeReading();
      transport.close();
      assert.equal(transport.isReading, false);
      transport.resumeReading();
      assert.equal(transport.isReading, false);
      await probe.untilLost();
      assert.equal(transport.isReading, false);
    },
  ],
  [
    'bounded',
    'a paused transport stops the peer: what it sends is not taken in',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      transport.pauseReading();
      const sent = pattern(30_000_000);
      peer.write(sent);
      await bench.settle();
      await nextTurn();
      assert.ok(peer.unsentBytes > 0, 'the peer could send everything');
      assert.ok(transport.bytesRead <= 128 * 1024, `${transport.bytesRead} bytes were taken in`);
      transport.resumeReading();
      await probe.untilReceived(sent.length);
      assert.ok(probe.received.equals(sent));
    },
  ],
  [
    'writing-goes-on',
    'writing goes on while reading is paused',
    async (bench) => {
      const { transport, peer } = await bench.open({ connectionMade: pause });
      transport.write('hello');
      assert.equal(String(await peer.untilReceived(5)), 'hello');
      const large = pattern(5_000_000);
      transport.write(large);
      assert.ok((await peer.untilReceived(5_000_005)).subarray(5).equals(large));
    },
  ],
  [
    'close-while-paused',
    'close() while paused drops what waits and ends the connection in order',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({ connectionMade: pause });
      peer.write('unheard');
      await bench.settle();
      transport.write('bye');
      transport.close();
      assert.equal(await probe.untilLost(), null);
      assert.equal(probe.story, 'connectionMade connectionLost');
      assert.equal(String(await peer.untilEnded()), 'bye');
    },
  ],
]);
