import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { explainEngine } from 'hawser';

const { name, reason } = explainEngine();

/** Exit code and output of a run of scripts/soak.mjs. */
function soak(...flags: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['scripts/soak.mjs', '--rate', '10', ...flags],
      { timeout: 120_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

describe('soak', { skip: process.platform === 'linux' ? false : 'it reads /proc' }, () => {
  it('the native engine keeps every byte, counter and descriptor under mixed traffic and faults', {
    skip: name === 'native' ? false : reason,
  }, async () => {
    const { code, output } = await soak('--engine', 'native', '--seconds', '12');
    assert.equal(code, 0, output);
    assert.match(output, /^soak: native engine.*^soak: ok$/ms);
  });

  it('the node engine does too', async () => {
    const { code, output } = await soak('--engine', 'node', '--seconds', '6');
    assert.equal(code, 0, output);
    assert.match(output, /^soak: node engine.*^soak: ok$/ms);
  });

  it('a flag that makes no sense is refused', async () => {
    const { code, output } = await soak('--seconds', 'long');
    assert.equal(code, 2);
    assert.match(output, /--seconds must be a number; got long/);
  });
});
