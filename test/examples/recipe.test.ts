import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchange, serveExample, withoutNativeEngine } from './program.js';

const skip = withoutNativeEngine();

test('the recipe echoes the first chunk, closes, and logs what the recipe logs', {
  skip,
}, async (t) => {
  const { port, whenSaid } = await serveExample(t, 'recipe');
  assert.equal(await exchange(port, 'Hello World!'), 'Hello World!');
  const log = await whenSaid(/sent: "Hello World!"\n/);
  const lines = log
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\[MainThread \(\d+\)\] /, '').replace(/\d{4,}$/, 'N'));
  assert.deepEqual(lines, [
    'Serving on 127.0.0.1:N',
    'connected from 127.0.0.1:N',
    'reuse_address: true',
    'reuse_port: true',
    'recv_buf_size: N',
    'send_buf_size: N',
    'TCP Nodelay: true',
    'TCP Quick ACK: true',
    'TCP Keep-Alive idle time (seconds): N',
    'TCP Keep-Alive retries: 9',
    'TCP Keep-Alive interval time (seconds): 15',
    'TCP Keep-Alive: true',
    'recv: "Hello World!"',
    'sent: "Hello World!"',
  ]);
  assert.match(log, /idle time \(seconds\): 1800\n/);
});

test('a message larger than one read is cut by the recipe, and never by a reset', {
  skip,
}, async (t) => {
  const { port } = await serveExample(t, 'recipe');
  const sent = 'x'.repeat(1_000_000);
  const got = await exchange(port, sent);
  assert.ok(got.length > 0 && sent.startsWith(got), `${got.length} bytes`);
});
