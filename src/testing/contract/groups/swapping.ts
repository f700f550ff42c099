import assert from 'node:assert/strict';
import { pattern } from '../pattern.js';
import type { Probe } from '../probe.js';
import { promises } from '../promise.js';

export const swapping = promises('swapping', 'a transport can change its protocol', [
  [
    'next-event',
    'the next event goes to the new protocol, which gets no connectionMade; the old one gets nothing more',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      peer.write('old');
      await probe.untilReceived(3);
      const next = bench.probe().adopt(probe);
      transport.protocol = next.protocol;
      assert.equal(transport.protocol, next.protocol);
      peer.write('new');
      await peer.end();
      await next.untilLost();
      assert.equal(probe.story, 'connectionMade dataReceived');
      assert.equal(next.story, 'dataReceived eofReceived connectionLost');
      assert.equal(next.text, 'new');
    },
  ],
  [
    'in-made',
    'a protocol put in during connectionMade gets everything after it',
    async (bench) => {
      const next = bench.probe();
      const { probe, peer } = await bench.open({
        connectionMade: (p) => {
          p.transport.protocol = next.adopt(p).protocol;
        },
      });
      peer.write('hello');
      await peer.end();
      await next.untilLost();
      assert.equal(probe.story, 'connectionMade');
      assert.equal(next.text, 'hello');
    },
  ],
  [
    'in-data',
    'a protocol put in during dataReceived gets every byte after that chunk',
    async (bench) => {
      const next = bench.probe();
      const { probe, peer } = await bench.open({
        dataReceived: (p) => {
          p.transport.protocol = next.adopt(p).protocol;
        },
      });
      const sent = pattern(1_000_000);
      peer.write(sent);
      await peer.end();
      await next.untilLost();
      assert.equal(probe.count('dataReceived'), 1);
      assert.ok(Buffer.concat([probe.received, next.received]).equals(sent));
    },
  ],
  [
    'back-and-forth',
    'two protocols that hand over at every chunk get every byte, in order between them',
    async (bench) => {
      const chunks: Buffer[] = [];
      const other: Probe = bench.probe({
        dataReceived: (p, data) => {
          chunks.push(data);
          p.transport.protocol = first.protocol;
        },
      });
      const connection = await bench.open({
        dataReceived: (p, data) => {
          chunks.push(data);
          p.transport.protocol = other.protocol;
        },
      });
      const first = connection.probe;
      other.adopt(first);
      const sent = pattern(2_000_000);
      connection.peer.write(sent);
      await bench.untilTrue(
        'all data',
        () => first.receivedBytes + other.receivedBytes >= sent.length,
      );
      assert.ok(Buffer.concat(chunks).equals(sent));
      assert.ok(Math.abs(first.count('dataReceived') - other.count('dataReceived')) <= 1);
    },
  ],
  [
    'while-paused',
    'data that waited while paused goes to the protocol that is there at the resume',
    async (bench) => {
      const { probe, transport, peer } = await bench.open({
        dataReceived: (p) => p.transport.pauseReading(),
      });
      peer.write(pattern(500_000));
      await peer.end();
      await probe.untilCalled('dataReceived');
      await bench.settle();
      const next = bench.probe().adopt(probe);
      transport.protocol = next.protocol;
      transport.resumeReading();
      await next.untilLost();
      assert.equal(probe.count('dataReceived'), 1);
      assert.ok(Buffer.concat([probe.received, next.received]).equals(pattern(500_000)));
    },
  ],
  [
    'in-eof',
    'after a swap in eofReceived the new protocol gets connectionLost',
    async (bench) => {
      const next = bench.probe();
      const { probe, peer } = await bench.open({
        eofReceived: (p) => {
          p.transport.protocol = next.adopt(p).protocol;
        },
      });
      await peer.end();
      assert.equal(await next.untilLost(), null);
      assert.equal(probe.story, 'connectionMade eofReceived');
      assert.equal(next.story, 'connectionLost');
    },
  ],
  [
    'in-pause',
    'after a swap in pauseWriting the new protocol gets resumeWriting',
    async (bench) => {
      const next = bench.probe();
      const { probe, transport, peer } = await bench.open({
        pauseWriting: (p) => {
          p.transport.protocol = next.adopt(p).protocol;
        },
      });
      transport.write(pattern(20_000_000));
      await peer.untilReceived(20_000_000);
      await next.untilCalled('resumeWriting');
      assert.equal(probe.story, 'connectionMade pauseWriting');
    },
  ],
  [
    'while-closing',
    'after close() a new protocol gets connectionLost and nothing else',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      peer.write('unheard');
      transport.close();
      const next = bench.probe().adopt(probe);
      transport.protocol = next.protocol;
      assert.equal(await next.untilLost(), null);
      assert.equal(next.story, 'connectionLost');
      assert.equal(probe.story, 'connectionMade');
    },
  ],
  [
    'throwing-new-one',
    'an error of the new protocol is its own connectionLost',
    async (bench) => {
      const mistake = new Error('of the new one');
      const { served, probe, transport, peer } = await bench.open();
      const next = bench.probe({
        dataReceived: () => {
          throw mistake;
        },
      });
      transport.protocol = next.adopt(probe).protocol;
      peer.write('data');
      assert.equal(await next.untilLost(), mistake);
      assert.equal(probe.story, 'connectionMade');
      await served.takeErrors();
    },
  ],
  [
    'not-a-protocol',
    'what is no protocol is refused with a TypeError, and the old one stays',
    async (bench) => {
      const { probe, transport, peer } = await bench.open();
      for (const value of [undefined, null, 1, {}, { getBuffer() {} }, { eofReceived() {} }]) {
        assert.throws(() => {
          transport.protocol = value as never;
        }, TypeError);
      }
      assert.equal(transport.protocol, probe.protocol);
      peer.write('hello');
      await probe.untilReceived(5);
    },
  ],
]);
