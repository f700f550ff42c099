import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../../../scripts/fuzz-codecs.mjs', import.meta.url));

it('20,000 damaged RESP and PROXY streams neither crash nor hang the decoders nor make them grow', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '20000']);
  assert.match(stdout, /^20000 inputs \(seed \d+\) in .*, none crashed;/);
});
