import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('docs/options.md is what the catalogue says', () => {
  const script = new URL('../../../scripts/generate-options-doc.mjs', import.meta.url);
  const run = spawnSync(process.execPath, [fileURLToPath(script), '--check'], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
});
