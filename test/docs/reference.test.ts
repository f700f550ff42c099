import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Application, LogLevel, TSConfigReader, TypeDocReader } from 'typedoc';
import { read, root } from '../frame/tree.js';

// What `npm run docs` reads, and the checks of typedoc.json, without writing the pages.
test('every public export and method has a doc comment, and no link in one is broken', async () => {
  const complaints: string[] = [];
  const options = { options: join(root, 'typedoc.json') };
  const app = await Application.bootstrap(options, [new TypeDocReader(), new TSConfigReader()]);
  app.logger.log = (message, level) => {
    if (level >= LogLevel.Warn) complaints.push(message);
  };
  const project = await app.convert();
  assert.ok(project, complaints.join('\n'));
  app.validate(project);
  assert.deepEqual(complaints, []);
});

test('the reference covers every entry point of the package', () => {
  const { exports } = JSON.parse(read('package.json')) as {
    exports: Record<string, string | { types: string }>;
  };
  const { entryPoints } = JSON.parse(read('typedoc.json')) as { entryPoints: string[] };
  const sources = Object.values(exports)
    .filter((entry) => typeof entry !== 'string')
    .map(({ types }) => types.replace(/^\.\/dist\/(.*)\.d\.ts$/, 'src/$1.ts'));
  assert.deepEqual(entryPoints.toSorted(), sources.toSorted());
});
