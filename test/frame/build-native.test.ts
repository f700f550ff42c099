import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from './tree.js';

const compilers = ['cc', 'gcc', 'clang'];
const hasCompiler = compilers.some((name) => spawnSync(name, ['--version']).status === 0);
const skip = hasCompiler ? false : 'this machine has no C compiler';

describe('npm run build:native', () => {
  let copy = '';

  /** Runs the script in a copy of what it needs, so that the addon in use stays untouched. */
  function build(environment: NodeJS.ProcessEnv = {}, ...args: string[]) {
    const script = join(copy, 'scripts', 'build-native.mjs');
    const env = { ...process.env, ...environment };
    return spawnSync(process.execPath, [script, ...args], { env, encoding: 'utf8' });
  }

  const addon = () => join(copy, 'build', 'native', 'hawser.node');

  before(() => {
    copy = mkdtempSync(join(tmpdir(), 'hawser-build-'));
    cpSync(join(root, 'native'), join(copy, 'native'), { recursive: true });
    cpSync(join(root, 'scripts'), join(copy, 'scripts'), { recursive: true });
  });

  after(() => rmSync(copy, { recursive: true }));

  test('builds an addon that Node loads', { skip }, () => {
    assert.equal(build().status, 0);
    const load = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(addon())})`]);
    assert.equal(load.status, 0, load.stderr.toString());
  });

  test('builds again only when a source has changed', { skip }, () => {
    build();
    assert.match(build().stderr, /up to date/);
    appendFileSync(join(copy, 'native', 'addon.c'), '\n');
    assert.match(build().stderr, /built/);
  });

  test('without a compiler it fails, says what to install, and leaves no addon of other sources', () => {
    appendFileSync(join(copy, 'native', 'addon.c'), '\n');
    const { status, stderr } = build({ PATH: join(copy, 'nothing'), CC: '' });
    assert.equal(status, 1);
    assert.match(stderr, /no C compiler on PATH .*apt-get install gcc/);
    assert.equal(existsSync(addon()), false);
  });

  test('a CC that cannot be run is named, and no other compiler is tried', () => {
    const { status, stderr } = build({ CC: 'no-such-compiler -m64' });
    assert.equal(status, 1);
    assert.match(stderr, /CC names "no-such-compiler -m64"/);
  });

  test('a mistake in the C code is shown as the compiler says it', { skip }, () => {
    appendFileSync(join(copy, 'native', 'addon.c'), 'int broken(void) { return nonsense; }\n');
    const { status, stderr } = build();
    assert.equal(status, 1);
    assert.match(stderr, /addon\.c:\d+.*nonsense/);
  });

  test('an unknown flag is refused', () => {
    const { status, stderr } = build({}, '--sanitise=address');
    assert.equal(status, 1);
    assert.match(stderr, /--sanitise/);
  });
});
