import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { ask } from './client.js';
import { EchoProcess, needsNative } from './echo-process.js';

const CONNECTIONS = 1000;

/** Why strace cannot look here; false where it can. */
function strangeToStrace(): string | false {
  const { status, error } = spawnSync('strace', ['-o', '/dev/null', 'true']);
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? false : 'this process may not trace others';
}

interface Calls {
  readonly calls: number;
  readonly errors: number;
}

/** The system calls of all threads while 1,000 clients were served one after the other. */
async function callsOf(t: TestContext, args: readonly string[]): Promise<Map<string, Calls>> {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const table = join(folder, 'strace');
  const echo = await EchoProcess.start(t, { args: ['--log-level', 'silent', ...args] });
  const strace = spawn('strace', ['-f', '-c', '-o', table, '-p', String(echo.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(strace.stderr, 'data');
  for (let index = 0; index < CONNECTIONS; index++) {
    const { data, error } = await ask(echo.port, 'Hello World!');
    assert.deepEqual([String(data), error], ['Hello World!', null]);
  }
  strace.kill('SIGINT');
  await once(strace, 'exit');
  const text = readFileSync(table, 'utf8');
  for (const line of text.split('\n')) t.diagnostic(line);
  const rows = text.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(\d+)?\s+(\w+)$/gm);
  return new Map(
    [...rows].map(([, calls, errors = '0', name]) => [
      name!,
      { calls: Number(calls), errors: Number(errors) },
    ]),
  );
}

describe('the system calls of hawser echo', { skip: needsNative || strangeToStrace() }, () => {
  test('set no option per connection, and receive at most once per connection in vain', async (t) => {
    const calls = await callsOf(t, ['--no-quickack']);
    assert.equal(calls.get('setsockopt'), undefined);
    const received = calls.get('recvfrom')!;
    assert.ok(received.errors <= CONNECTIONS, `${received.errors} receives found nothing`);
    assert.ok(calls.get('epoll_ctl')!.calls <= CONNECTIONS);
    assert.ok(calls.get('sendto')!.calls <= CONNECTIONS);
  });

  test('set no TCP_QUICKACK where every receive is answered in its turn', async (t) => {
    const calls = await callsOf(t, ['--quickack']);
    const { errors } = calls.get('recvfrom')!;
    assert.equal(calls.get('setsockopt'), undefined);
    assert.ok(errors <= CONNECTIONS, `${errors} receives found nothing`);
  });
});
