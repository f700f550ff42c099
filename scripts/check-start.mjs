#!/usr/bin/env node
// `npm run check:start`: does what a newcomer does. Clones the last commit into a temporary folder
// and types `npm start`: first on the bare clone, then again, when there must be nothing left to
// set up, then without the addon and with no compiler on PATH. Each time one client is served and
// the server is ended by SIGTERM.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from './setup.mjs';

/** The longest one start may take, ms: installing, compiling and building included. */
const startTimeoutMs = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'hawser-start-'));
const clone = join(folder, 'clone');

/** Types `npm start`, is served once, ends the server; returns what it said on stderr. */
async function startAndTalk(environment = {}) {
  const npm = spawn('npm', ['start', '--silent', '--', '--port', '0'], {
    cwd: clone,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'pipe'],
    // A process group of its own, so that nothing of it outlives this check.
    detached: true,
  });
  const killAll = () => npm.exitCode === null && process.kill(-npm.pid, 'SIGKILL');
  const limit = setTimeout(killAll, startTimeoutMs);
  process.once('exit', killAll);
  let said = '';
  npm.stderr.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
    process.stderr.write(chunk);
  });
  const ended = once(npm, 'close');
  const port = await portSaid(npm.stderr, () => said);
  const client = connect(port, '127.0.0.1').end('Hello World!');
  assert.equal(await text(client), 'Hello World!');
  npm.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null], 'npm start ends with exit code 0 after SIGTERM');
  clearTimeout(limit);
  process.off('exit', killAll);
  return said;
}

/** The port in the line `Serving on 127.0.0.1:port`. */
async function portSaid(stream, soFar) {
  for await (const _ of stream.iterator({ destroyOnReturn: false })) {
    const port = soFar().match(/Serving on 127\.0\.0\.1:(\d+)/)?.[1];
    if (port) return Number(port);
  }
  throw new Error('npm start ended without serving');
}

/** A PATH with what npm and git need, and no compiler. */
function pathWithoutCompiler() {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const command of ['node', 'npm', 'sh', 'env', 'git']) {
    const place = execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
    symlinkSync(place, join(bin, command));
  }
  return bin;
}

try {
  execFileSync('git', ['clone', '--quiet', root, clone], { stdio: 'inherit' });

  const first = await startAndTalk();
  assert.match(first, /installing.*compiling.*building the native engine/s);
  assert.doesNotMatch(first, /no native engine/);

  const second = await startAndTalk();
  assert.doesNotMatch(second, /installing|compiling|building/, 'the second start sets nothing up');

  rmSync(join(clone, 'build', 'native'), { recursive: true });
  const third = await startAndTalk({ PATH: pathWithoutCompiler(), CC: '' });
  assert.match(third, /no native engine, the node engine serves: no C compiler on PATH/);

  console.log('ok: npm start on a fresh clone, once more, and without a compiler');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
