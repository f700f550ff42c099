import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { exchange, output, serveExample, without } from './program.js';

test('curl talks to the http.Server on hawser connections', {
  skip: without('curl'),
}, async (t) => {
  const { port } = await serveExample(t, 'node-http');
  const url = `http://127.0.0.1:${port}/reader`;
  assert.equal(await output('curl', ['-sS', url]), 'Hello, /reader by GET\n');
  assert.equal(await output('curl', ['-sS', '--http1.0', url]), 'Hello, /reader by GET\n');
  const large = ['-sS', '--data-binary', '@-', url];
  assert.equal(
    await output('curl', large, { input: randomBytes(200_000).toString('hex') }),
    'Hello, /reader by POST\n',
  );
});

test('wrk finds no error in the http.Server on hawser connections', {
  skip: without('wrk'),
}, async (t) => {
  const { port } = await serveExample(t, 'node-http');
  const said = await output('wrk', ['-t1', '-c10', '-d1s', `http://127.0.0.1:${port}/`]);
  assert.match(said, /Requests\/sec: +[1-9]/);
  assert.doesNotMatch(said, /Socket errors|Non-2xx/);
});

test('what is not HTTP gets a 400 from the http.Server on hawser connections', async (t) => {
  const { port } = await serveExample(t, 'node-http');
  assert.match(await exchange(port, 'SSH-2.0-x\r\n\r\n'), /^HTTP\/1\.1 400 Bad Request\r\n/);
});
