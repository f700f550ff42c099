import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { output, serveExample, without, withoutNativeEngine } from './program.js';

test('the unix socket example tells socat who it is', {
  skip: withoutNativeEngine() || without('socat'),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'who.sock');
  const { child, address } = await serveExample(t, 'unix', { SOCKET_PATH: path });
  assert.equal(address, path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const said = await output('socat', ['-', `UNIX-CONNECT:${path}`]);
  const ids = [process.getuid?.(), process.getgid?.()];
  assert.match(
    said,
    new RegExp(`^You are process \\d+ of user ${ids[0]} and group ${ids[1]}\\.\n$`),
  );
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  assert.equal(existsSync(path), false);
});
