import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { serveExample } from './program.js';

test('the WebSocket example gives the client of ws its messages back', async (t) => {
  const { port } = await serveExample(t, 'websocket');
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(client, 'open');
  for (const message of ['hello', randomBytes(500_000)]) {
    client.send(message);
    const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
    assert.equal(isBinary, typeof message !== 'string');
    assert.equal(Buffer.from(message as Buffer).equals(data), true);
  }
  client.close(1000);
  assert.equal((await once(client, 'close'))[0], 1000);
});

test('the WebSocket example hangs up on a message above its limit, with the code for it', async (t) => {
  const { port, whenSaid } = await serveExample(t, 'websocket');
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(client, 'open');
  client.send(Buffer.alloc(2 * 1024 * 1024));
  assert.equal((await once(client, 'close'))[0], 1009);
  await whenSaid(/a client broke the protocol: Max payload size exceeded\n/);
});

test('the WebSocket example tells a plain browser what it is', async (t) => {
  const { port } = await serveExample(t, 'websocket');
  const response = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(response.status, 426);
  assert.equal(await response.text(), 'This is a WebSocket server.\n');
});
