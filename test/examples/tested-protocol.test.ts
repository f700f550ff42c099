import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const example = fileURLToPath(new URL('../../examples/tested-protocol.js', import.meta.url));

test('the tested-protocol example finds the planted bug that the happy path does not', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  assert.match(stdout, /^the happy path finds nothing\nseed 1 fails: /);
  assert.match(stdout, /expected "ONE CAFÉ, PLEASE\\nAND THE BILL\\n"; it received "ONE CAF/);
  assert.match(stdout, /to run it alone: \{ seed: 1 \}/);
  assert.match(stdout, /\nmended: 1000 seeds pass, [1-9]\d+ of them with a broken connection\n$/);
});
