import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchange, output, serveExample, without } from './program.js';

for (const version of ['1.0', '1.1']) {
  test(`curl gets a page of the HTTP example by HTTP/${version}`, {
    skip: without('curl'),
  }, async (t) => {
    const { port } = await serveExample(t, 'http');
    const url = `http://127.0.0.1:${port}/reader`;
    assert.equal(await output('curl', ['-sS', `--http${version}`, url]), 'Hello, /reader\n');
  });
}

test('curl uses one connection of the HTTP example twice', { skip: without('curl') }, async (t) => {
  const { port } = await serveExample(t, 'http');
  const urls = ['/1', '/2'].map((path) => `http://127.0.0.1:${port}${path}`);
  const format = '%{num_connects}\\n';
  const said = await output('curl', ['-sS', '-w', format, ...urls]);
  assert.equal(said, 'Hello, /1\n1\nHello, /2\n0\n');
});

test('curl sees the length and no body of a HEAD request', { skip: without('curl') }, async (t) => {
  const { port } = await serveExample(t, 'http');
  const said = await output('curl', ['-sSI', `http://127.0.0.1:${port}/reader`]);
  assert.match(said, /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*Content-Length: 15\r\n(?:.+\r\n)*\r\n$/);
});

test('wrk finds no error in the HTTP example', { skip: without('wrk') }, async (t) => {
  const { port } = await serveExample(t, 'http');
  const said = await output('wrk', ['-t1', '-c10', '-d1s', `http://127.0.0.1:${port}/`]);
  assert.match(said, /Requests\/sec: +[1-9]/);
  assert.doesNotMatch(said, /Socket errors|Non-2xx/);
});

test('pipelined requests are answered in order by the HTTP example', async (t) => {
  const { port } = await serveExample(t, 'http');
  const said = await exchange(
    port,
    'GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.0\r\n\r\nGET /4 HTTP/1.1\r\n\r\n',
  );
  assert.deepEqual(said.match(/Hello, .*/g), ['Hello, /1', 'Hello, /2', 'Hello, /3']);
});

test('what the HTTP example does not do it says, and hangs up', async (t) => {
  const { port } = await serveExample(t, 'http');
  const post = 'POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\nGET / HTTP/1.1\r\n\r\n';
  assert.match(
    await exchange(port, post),
    /^HTTP\/1\.1 405 .*\r\n(?:.+\r\n)*Connection: close\r\n\r\nGET and HEAD only\.\n$/,
  );
  assert.match(await exchange(port, 'SSH-2.0-x\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await exchange(port, `GET /${'x'.repeat(20_000)}`), /^HTTP\/1\.1 431 /);
});
