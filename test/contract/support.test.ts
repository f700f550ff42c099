import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { contract } from 'hawser/testing';
import { memoryExceptions } from './memory-exceptions.js';
import { nodeExceptions } from './node-exceptions.js';
import { renderSupport } from './support.js';

const page = new URL('../../../docs/support.md', import.meta.url);
const promises = contract.flatMap((group) => group.promises);

describe('the contract', () => {
  test('docs/support.md says what the suite checks (node scripts/generate-support.mjs)', () => {
    const engines = [
      { name: 'native', exceptions: {} },
      { name: 'node', exceptions: nodeExceptions('20.19.0') },
      { name: 'memory', exceptions: memoryExceptions },
    ];
    assert.equal(readFileSync(page, 'utf8'), renderSupport(engines));
  });

  test('every promise has an id of its own, made of its group and a name', () => {
    const ids = promises.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      ids.filter((id) => !/^[a-z0-9-]+\/[a-z0-9-]+$/.test(id)),
      [],
    );
  });

  test('every promise has a title of its own', () => {
    const titles = contract.flatMap(({ subject, promises: own }) =>
      own.map(({ title }) => `${subject}: ${title}`),
    );
    assert.equal(new Set(titles).size, titles.length);
  });
});
