import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { exchange, output, serveExample, without } from './program.js';

test('the echo example sends back what it is sent', async (t) => {
  const { port, whenSaid } = await serveExample(t, 'echo');
  assert.equal(await exchange(port, 'Hello World!'), 'Hello World!');
  assert.match(
    await whenSaid(/engine\n/),
    /^Serving on 127\.0\.0\.1:\d+, (?:native|node) engine\n$/,
  );
});

for (const [name, args] of [
  ['nc', ['-N', '127.0.0.1']],
  ['ncat', ['127.0.0.1']],
] as const) {
  test(`the echo example gives ${name} 1 MB back, byte for byte`, {
    skip: without(name),
  }, async (t) => {
    const { port } = await serveExample(t, 'echo');
    const sent = randomBytes(500_000).toString('hex');
    assert.equal((await output(name, [...args, String(port)], { input: sent })) === sent, true);
  });
}

test('the echo example gives socat 1 MB back, byte for byte', {
  skip: without('socat'),
}, async (t) => {
  const { port } = await serveExample(t, 'echo');
  const sent = randomBytes(500_000).toString('hex');
  const got = await output('socat', ['-t', '10', '-', `TCP:127.0.0.1:${port}`], {
    input: sent,
  });
  assert.equal(got === sent, true);
});
