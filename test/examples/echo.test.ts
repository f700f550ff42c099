import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const example = fileURLToPath(new URL('../../examples/echo.js', import.meta.url));

test('the echo example sends back what it is sent', async (t) => {
  const server = spawn(process.execPath, [example], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  t.after(async () => {
    server.kill();
    await ended;
  });
  const [line] = (await once(server.stdout.setEncoding('utf8'), 'data')) as [string];
  const port = line.match(/^Serving on 127\.0\.0\.1:(\d+), (?:native|node) engine\n$/)?.[1];
  assert.ok(port, line);
  const client = connect(Number(port), '127.0.0.1').end('Hello World!');
  assert.equal(await text(client), 'Hello World!');
});
