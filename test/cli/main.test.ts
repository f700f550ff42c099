import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { hawser } from './command.js';

describe('hawser', () => {
  test('without arguments says what there is', () => {
    const { code, out } = hawser([]);
    assert.equal(code, 0);
    for (const command of ['echo', 'options', 'doctor'])
      assert.match(out, new RegExp(`hawser ${command} `));
    assert.deepEqual(hawser(['--help']), hawser(['help']));
  });

  test('--version is that of the package', () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    );
    assert.equal(hawser(['--version']).out, `${version}\n`);
  });

  test('help of a command is what its --help prints', () => {
    for (const command of ['echo', 'options', 'doctor']) {
      const { code, out } = hawser(['help', command]);
      assert.equal(code, 0);
      assert.match(out, /^Usage: hawser /);
      assert.equal(out, hawser([command, '--help']).out);
    }
  });

  test('an unknown command is a usage error with the nearest one there is', () => {
    assert.deepEqual(hawser(['ehco']), {
      code: 2,
      out: '',
      err: 'hawser: unknown command ehco: did you mean echo?\n',
    });
    assert.match(hawser(['frobnicate']).err, /`hawser help` lists them/);
  });

  test('does not mind a reader that leaves early', () => {
    const { code, err } = hawser(['options'], ['sh', '-c', '"$@" | head -n 1 >&2', 'sh']);
    assert.equal(code, 0);
    assert.equal(err.split('\n').length, 2, err);
  });
});
