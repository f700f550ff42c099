import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noCalls } from './kernel-sockets.js';

const script = fileURLToPath(new URL('./many-connections.js', import.meta.url));
const probe = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' });
const noStrace =
  probe.status === 0 ? false : `no strace here: ${probe.error?.message ?? probe.stderr.trim()}`;

/** The calls of each kind that a server makes for so many connections. */
function callsFor(t: TestContext, connections: number): Map<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-strace-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const log = join(folder, 'log');
  const trace = ['-f', '-qq', '-e', 'trace=setsockopt,accept4', '-e', 'signal=none', '-o', log];
  const run = spawnSync('strace', [...trace, process.execPath, script, String(connections)], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  const stats = JSON.parse(run.stdout) as { accepted: number; different: string[] };
  assert.deepEqual([stats.accepted, stats.different], [connections, []]);
  const calls = new Map<string, number>();
  for (const [, name] of readFileSync(log, 'utf8').matchAll(/^\d+ +(\w+)\(.* = \d+$/gm)) {
    calls.set(name!, (calls.get(name!) ?? 0) + 1);
  }
  return calls;
}

test('twenty inheritable options cost no call per connection, for 1,000 connections', {
  skip: noCalls || noStrace,
}, (t) => {
  const few = callsFor(t, 1);
  const many = callsFor(t, 1000);
  t.diagnostic(`1 connection: ${[...few].join(' ')}; 1000: ${[...many].join(' ')}`);
  assert.ok(many.get('accept4')! >= 1000);
  assert.ok(few.get('setsockopt')! >= 20);
  assert.equal(many.get('setsockopt'), few.get('setsockopt'));
});
