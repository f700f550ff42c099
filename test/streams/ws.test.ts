import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { createServer, type EngineChoice } from 'hawser';
import { toDuplex } from 'hawser/streams';
import { WebSocket, WebSocketServer } from 'ws';
import { addressOf, kernelEngines, pattern, until } from './stage.js';

/** An unmodified WebSocketServer that echoes, and clients of the same package. */
async function echoServer(t: TestContext, engine: EngineChoice, perMessageDeflate = false) {
  const nodeServer = http.createServer();
  const sockets = new WebSocketServer({ server: nodeServer, perMessageDeflate });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const server = await createServer(
    () => ({
      connectionMade(transport) {
        nodeServer.emit('connection', toDuplex(transport));
      },
      dataReceived() {},
    }),
    { host: '127.0.0.1', engine },
  );
  t.after(() => server.close());
  const { host, port } = addressOf(server);
  return {
    sockets,
    server,
    async client(): Promise<WebSocket> {
      const client = new WebSocket(`ws://${host}:${port}/`, { perMessageDeflate });
      await once(client, 'open');
      return client;
    },
  };
}

for (const engine of kernelEngines) {
  describe(`ws on transports of the ${engine} engine`, () => {
    for (const deflate of [false, true]) {
      it(`echoes text and large binary messages, deflate ${deflate}`, async (t) => {
        const { client: connect, server } = await echoServer(t, engine, deflate);
        const client = await connect();
        const messages = ['grün', Buffer.alloc(0), pattern(100), pattern(2_000_000), 'last'];
        const replies: (string | Buffer)[] = [];
        client.on('message', (data: Buffer, isBinary) => {
          replies.push(isBinary ? data : data.toString());
          if (replies.length === messages.length) client.close(1000, 'done');
        });
        for (const message of messages) client.send(message);
        const [code, reason] = (await once(client, 'close')) as [number, Buffer];
        assert.deepEqual([code, reason.toString()], [1000, 'done']);
        assert.deepEqual(replies, messages);
        await until(() => server.transports.size === 0);
      });
    }

    it('answers pings, and closes when the server does', async (t) => {
      const { client: connect, sockets } = await echoServer(t, engine);
      const client = await connect();
      const pong = once(client, 'pong');
      client.ping('are you there');
      assert.equal(String((await pong)[0]), 'are you there');
      const closed = once(client, 'close');
      for (const socket of sockets.clients) socket.close(1012, 'restarting');
      const [code, reason] = (await closed) as [number, Buffer];
      assert.deepEqual([code, reason.toString()], [1012, 'restarting']);
    });

    it('hears of a client that vanishes', async (t) => {
      const { client: connect, sockets } = await echoServer(t, engine);
      const client = await connect();
      const [socket] = sockets.clients;
      assert.ok(socket !== undefined);
      const closed = once(socket, 'close');
      client.terminate();
      assert.equal((await closed)[0], 1006);
    });
  });
}
