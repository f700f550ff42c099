import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { exampleFile, exchange, run, serveExample } from './program.js';

function frame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

/** The example as a client, against itself as a server. */
function call(port: number, ...args: string[]) {
  return run(process.execPath, [exampleFile('rpc'), 'call', ...args], {
    env: { PORT: String(port) },
  });
}

test('the RPC example answers its own client', async (t) => {
  const { port } = await serveExample(t, 'rpc');
  assert.equal((await call(port, 'add', '1', '2')).stdout, '3\n');
});

test('a method that the RPC example lacks is an error that names it', async (t) => {
  const { port } = await serveExample(t, 'rpc');
  const { code, stderr } = await call(port, 'divide', '1');
  assert.equal(code, 1);
  assert.match(stderr, /Error: there is no method divide/);
});

test('the RPC example answers calls in the order in which they are done', async (t) => {
  const { port } = await serveExample(t, 'rpc');
  const calls = [
    { id: 1, method: 'later', params: [50] },
    { id: 2, method: 'add', params: [1, 1] },
  ];
  const client = createConnection(port, '127.0.0.1');
  client.write(Buffer.concat(calls.map(frame)));
  const answers = text(client);
  let received = 0;
  const expected = [frame({ id: 2, result: 2 }), frame({ id: 1, result: 'after 50 ms' })];
  const total = expected.reduce((sum, bytes) => sum + bytes.length, 0);
  client.on('data', (data) => {
    received += data.length;
    if (received >= total) client.end();
  });
  assert.equal(await answers, Buffer.concat(expected).toString());
});

test('a frame that is not JSON ends its connection and not the RPC example', async (t) => {
  const { port } = await serveExample(t, 'rpc');
  assert.equal(await exchange(port, Buffer.from('\0\0\0\x01?')), '');
  assert.equal((await call(port, 'add', '2', '2')).stdout, '4\n');
});
