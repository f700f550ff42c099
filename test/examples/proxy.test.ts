import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exchange, output, run, serve, serveExample, without } from './program.js';

/** The proxy in front of the echo example. */
async function proxiedEcho(t: TestContext) {
  const echo = await serveExample(t, 'echo');
  return serveExample(t, 'proxy', { TARGET: `127.0.0.1:${echo.port}` });
}

/** The proxy in front of a server of ours; resolves with the port and the far end of the first connection. */
async function proxied(
  t: TestContext,
  options: { allowHalfOpen?: boolean; pauseOnConnect?: boolean } = {},
) {
  const origin = createServer(options).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  t.after(() => origin.close());
  const { port: target } = origin.address() as { port: number };
  const { port } = await serveExample(t, 'proxy', { TARGET: `127.0.0.1:${target}` });
  const accepted = once(origin, 'connection') as Promise<[Socket]>;
  const near = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [far] = await accepted;
  t.after(() => {
    near.destroy();
    far.destroy();
  });
  return { near, far };
}

test('1 MB goes through the proxy example and back, byte for byte', {
  skip: without('socat'),
}, async (t) => {
  const { port } = await proxiedEcho(t);
  const sent = randomBytes(500_000).toString('hex');
  const got = await output('socat', ['-t', '10', '-', `TCP:127.0.0.1:${port}`], {
    input: sent,
  });
  assert.equal(got === sent, true);
});

test('a half-close goes through the proxy example, and the answer after it comes back', async (t) => {
  const { near, far } = await proxied(t, { allowHalfOpen: true });
  near.end('question');
  assert.equal(await everything(far), 'question');
  far.end('answer');
  assert.equal(await everything(near), 'answer');
});

/** What arrives until FIN. Unlike `for await`, this leaves the socket open for writing. */
async function everything(socket: Socket): Promise<string> {
  let received = '';
  socket.setEncoding('utf8').on('data', (part) => {
    received += part;
  });
  await once(socket, 'end');
  return received;
}

test('a sender is held back by the proxy example while the other end does not read', async (t) => {
  const { near, far } = await proxied(t, { pauseOnConnect: true });
  const megabyte = Buffer.alloc(1 << 20);
  for (let i = 0; i < 64; i++) near.write(megabyte);
  const stuck = await stuckAt(near);
  assert.ok(stuck > 0 && stuck < 64 << 20, `${stuck} bytes left when nothing moved any more`);
  let received = 0;
  far.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  far.resume();
  near.end();
  await once(far, 'end');
  assert.equal(received, 64 << 20);
});

/** Bytes not yet sent when for 200 ms none was. */
async function stuckAt(socket: Socket): Promise<number> {
  let before = -1;
  while (socket.writableLength !== before) {
    before = socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return before;
}

test('a reset of one side is a reset of the other in the proxy example', async (t) => {
  const { near, far } = await proxied(t);
  near.resume().write('x');
  await once(far, 'data');
  const failed = once(near, 'error') as Promise<[NodeJS.ErrnoException]>;
  far.resetAndDestroy();
  assert.equal((await failed)[0].code, 'ECONNRESET');
});

test('a client of the proxy example is turned away when nobody serves behind it', async (t) => {
  const { port, whenSaid } = await serveExample(t, 'proxy', { TARGET: '127.0.0.1:1' });
  assert.equal(await exchange(port, ''), '');
  await whenSaid(/a connection failed: connect ECONNREFUSED 127\.0\.0\.1:1\n/);
});

test('openssl s_client and s_server speak TLS through the proxy example', {
  skip: without('openssl'),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=hawser.test', '-days', '2', '-nodes'];
  await output('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ]);
  const secured = await serve(
    t,
    ['openssl', 's_server', '-accept', '127.0.0.1:0', '-key', key, '-cert', cert, '-www'],
    {},
    /ACCEPT (\S+)\n/,
  );
  const { port } = await serveExample(t, 'proxy', { TARGET: `127.0.0.1:${secured.port}` });
  const client = ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', cert, '-ign_eof'];
  const { stdout } = await run('openssl', client, { input: 'GET / HTTP/1.0\r\n\r\n' });
  assert.match(stdout, /Verify return code: 0 \(ok\)/);
  assert.match(stdout, /HTTP\/1\.0 200 ok/);
});
