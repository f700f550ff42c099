import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filesBelow, lineCount, read } from './tree.js';

const everything = filesBelow('.').filter((file) => !file.startsWith('bench/results/'));
const code = everything.filter((file) => /\.(ts|mjs|js|c|h|go|py|sh)$/.test(file));
const text = everything.filter((file) => /\.(ts|mjs|js|c|h|go|py|sh|md|json)$|\/run$/.test(file));
const native = filesBelow('native').filter((file) => /\.[ch]$/.test(file));

/** `file: n lines` for those above the limit. */
function longerThan(limit: number, files: string[]): string[] {
  return files
    .map((file) => ({ file, lines: lineCount(file) }))
    .filter(({ lines }) => lines > limit)
    .map(({ file, lines }) => `${file}: ${lines} lines`);
}

/** `file:line: text` for every line that matches. */
function linesMatching(pattern: RegExp, files: string[]): string[] {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .map((line, index) => ({ line, where: `${file}:${index + 1}` }))
      .filter(({ line }) => pattern.test(line))
      .map(({ line, where }) => `${where}: ${line.trim()}`),
  );
}

describe('sizes', () => {
  test('no source, test or script is longer than 400 lines', () => {
    assert.deepEqual(longerThan(400, code), []);
  });

  test('no C file of the addon is longer than 300 lines, and all together have at most 1,000', () => {
    assert.deepEqual(longerThan(300, native), []);
    const total = native.reduce((sum, file) => sum + lineCount(file), 0);
    assert.ok(total <= 1000, `native/ has ${total} lines`);
  });

  test('an example is at most 60 lines', () => {
    const examples = filesBelow('examples').filter((file) => file.endsWith('.ts'));
    assert.deepEqual(longerThan(60, examples), []);
  });
});

describe('names', () => {
  test('files of TypeScript, JavaScript and C are named in kebab-case', () => {
    const named = code.filter((file) => /\.(ts|mjs|js|c|h)$/.test(file));
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.[a-z]+$/;
    assert.deepEqual(
      named.filter((file) => !kebab.test(file.split('/').at(-1)!)),
      [],
    );
  });

  test('no file is named for holding whatever is left over', () => {
    const vague = /(^|[/-])(utils?|helpers?|common|misc|managers?)([.-]|\/|$)/;
    assert.deepEqual(
      everything.filter((file) => vague.test(file)),
      [],
    );
  });
});

describe('contents', () => {
  test('exactly one file of the addon includes libuv', () => {
    const including = native.filter((file) => /^#include <uv\.h>/m.test(read(file)));
    assert.equal(including.length, 1, including.join(', '));
  });

  test('no file names a place that only one machine has', () => {
    const places = /(?<![\w.])\/(?:home|work|root)\/|\bregistry\.(?:npm|yarn)|\bdeb\.debian\b/;
    assert.deepEqual(linesMatching(places, text), []);
  });

  test('no test is switched off or singled out without saying why', () => {
    const tests = filesBelow('test').filter((file) => file.endsWith('.ts'));
    const silent =
      /\b(?:test|it|describe|suite)\.(?:skip|only|todo)\b|\b(?:skip|only|todo): true|\.(?:skip|todo)\(\)/;
    assert.deepEqual(linesMatching(silent, tests), []);
  });
});
