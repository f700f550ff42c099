import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesBelow } from '../frame/tree.js';

test('every example is run by a test of the same name', () => {
  const names = (folder: string, ending: string) =>
    filesBelow(folder)
      .filter((file) => file.endsWith(ending))
      .map((file) => file.slice(folder.length + 1, -ending.length));
  const tested = names('test/examples', '.test.ts');
  assert.deepEqual(
    names('examples', '.ts').filter((name) => !tested.includes(name)),
    [],
  );
});
