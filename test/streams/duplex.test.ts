import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { describe, it, type TestContext } from 'node:test';
import { createServer, type EngineChoice, type Transport } from 'hawser';
import { open, type TransportDuplex, toDuplex } from 'hawser/streams';
import {
  addressOf,
  bareClient,
  engines,
  kernelEngines,
  pattern,
  promised,
  serving,
} from './stage.js';

/** Both ends of a connection as Duplex streams, made below and above the stream layer. */
async function pair(t: TestContext, engine: EngineChoice) {
  const ends: TransportDuplex[] = [];
  t.after(() => {
    for (const end of ends) end.destroy();
  });
  const { promise, give } = promised<TransportDuplex>();
  const { to } = await serving(t, engine, (connection) => give(toDuplex(connection)));
  const client = toDuplex(await open(to));
  const accepted = await promise;
  ends.push(client, accepted);
  return { client, accepted };
}

/** Everything until the end of input. Unlike a loop over the stream, and so `text`, it destroys nothing. */
async function received(duplex: TransportDuplex): Promise<string> {
  let all = '';
  duplex.setEncoding('utf8').on('data', (part: string) => {
    all += part;
  });
  await once(duplex, 'end');
  return all;
}

for (const [name, makeEngine] of Object.entries(engines)) {
  describe(`toDuplex() on the ${name} engine`, () => {
    it('carries a pipeline from a connection through a transform and back', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      const invert = new Transform({
        transform: (chunk: Buffer, _, done) =>
          done(
            null,
            chunk.map((byte) => 255 - byte),
          ),
      });
      const piping = pipeline(accepted, invert, accepted);
      const sent = pattern(1_000_000);
      client.end(sent);
      const expected = Buffer.from(sent.map((byte) => 255 - byte));
      assert.ok((await buffer(client)).equals(expected));
      await piping;
    });

    it('stops a writer above the high-water mark until the peer reads', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      const size = 16 * 1024 * 1024;
      assert.equal(client.write(Buffer.alloc(size)), false);
      let drained = false;
      client.once('drain', () => {
        drained = true;
      });
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      assert.equal(drained, false);
      accepted.resume();
      await once(client, 'drain');
    });

    it('stops the peer while nobody reads', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      const size = 16 * 1024 * 1024;
      client.end(Buffer.alloc(size));
      const before = accepted.bytesRead;
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      assert.ok(accepted.bytesRead - before < 512 * 1024, `${accepted.bytesRead} bytes`);
      assert.equal((await buffer(accepted)).length, size);
    });

    it('end() is the end of input at the peer, and both ends close the connection', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      client.end('question');
      assert.equal(await received(accepted), 'question');
      assert.equal(accepted.destroyed, false);
      accepted.end('answer');
      assert.equal(await received(client), 'answer');
      await Promise.all([finished(client), finished(accepted)]);
      assert.ok(client.destroyed && accepted.destroyed);
    });

    it('destroy() drops what is not sent and ends the peer', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      client.write(Buffer.alloc(16 * 1024 * 1024));
      client.destroy();
      const outcome = buffer(accepted).then(
        (received) => received.length,
        () => 0,
      );
      assert.ok((await outcome) < 16 * 1024 * 1024);
      assert.ok(client.destroyed);
    });

    it('destroySoon() sends what was written first', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      const size = 4 * 1024 * 1024;
      client.write(Buffer.alloc(size));
      client.destroySoon();
      const [sent] = await Promise.all([buffer(accepted), once(client, 'close')]);
      assert.equal(sent.length, size);
    });

    it('knows the encodings of Node', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      client.cork();
      client.write('ü');
      client.write('ü', 'latin1');
      client.write('00ff', 'hex');
      client.uncork();
      client.end();
      assert.deepEqual(await buffer(accepted), Buffer.from('c3bcfc00ff', 'hex'));
    });

    it('has the addresses and counters of a socket', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      assert.equal(accepted.remoteAddress, client.localAddress);
      assert.equal(accepted.remotePort, client.localPort);
      assert.equal(accepted.remoteFamily, 'IPv4');
      assert.equal(client.localFamily, 'IPv4');
      assert.deepEqual(client.address(), {
        address: accepted.remoteAddress,
        family: 'IPv4',
        port: accepted.remotePort,
      });
      assert.equal(client.ref().unref().connecting, false);
      client.end('12345');
      await buffer(accepted);
      assert.equal(accepted.bytesRead, 5);
      assert.equal(client.bytesWritten, 5);
    });

    it('setTimeout() emits timeout when nothing moved for that long, and 0 turns it off', async (t) => {
      const { client } = await pair(t, makeEngine());
      client.setTimeout(30);
      assert.equal(client.timeout, 30);
      await once(client, 'timeout');
      client.setTimeout(40, () => assert.fail('it was turned off'));
      client.setTimeout(0);
      assert.equal(client.timeout, undefined);
      await new Promise((resolve) => setTimeout(resolve, 80));
    });

    it('setTimeout() counts from the last thing that moved', async (t) => {
      const { client, accepted } = await pair(t, makeEngine());
      const started = performance.now();
      client.setTimeout(400);
      const timeout = once(client, 'timeout');
      for (let i = 0; i < 3; i++) {
        accepted.write('x');
        await once(client, 'data');
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      const lastMove = performance.now();
      client.write('y');
      await timeout;
      assert.ok(performance.now() - lastMove >= 399, 'too early after the last write');
      assert.ok(performance.now() - started >= 849);
    });

    it('gets what a stream connection had buffered', async (t) => {
      const { promise, give } = promised<string>();
      const { to } = await serving(t, makeEngine(), async (connection) => {
        assert.equal(await connection.readLine(), 'first');
        give(await received(toDuplex(connection).end('bye')));
      });
      const client = await open(to);
      await client.write('first\nsecond\nthird');
      client.end();
      assert.equal(await promise, 'second\nthird');
      assert.equal(await client.readLine(), 'bye');
      await client.close();
    });
  });
}

for (const engine of kernelEngines) {
  describe(`toDuplex() of a transport on the ${engine} engine`, () => {
    it('sets the options of the socket', async (t) => {
      const { promise, give } = promised<Transport>();
      const server = await createServer(
        () => ({ connectionMade: (transport) => give(transport), dataReceived() {} }),
        { host: '127.0.0.1', engine },
      );
      t.after(() => server.close());
      const client = await bareClient(t, server);
      const transport = await promise;
      const duplex = toDuplex(transport);
      assert.equal(transport.protocol, duplex);
      duplex.setNoDelay(false).setKeepAlive(true, 45_000);
      assert.equal(transport.socket.get('TCP_NODELAY'), false);
      assert.equal(transport.socket.get('SO_KEEPALIVE'), true);
      assert.equal(transport.socket.get('TCP_KEEPIDLE'), 45);
      duplex.end();
      duplex.resume();
      client.end().resume();
      await finished(duplex);
    });

    it('emits the error of a reset', async (t) => {
      const { promise, give } = promised<TransportDuplex>();
      const { server } = await serving(t, engine, (connection) => give(toDuplex(connection)));
      const client = await bareClient(t, server);
      const duplex = await promise;
      duplex.resume();
      client.resetAndDestroy();
      const [error] = (await once(duplex, 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNRESET');
      assert.equal(addressOf(server).port, duplex.localPort);
    });
  });
}
