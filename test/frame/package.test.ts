import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { filesBelow, read, root } from './tree.js';

interface Package {
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  scripts: Record<string, string>;
}

const manifest = JSON.parse(read('package.json')) as Package;
const documents = filesBelow('.').filter((file) => /^[A-Z]+\.md$|^docs\/.*\.md$/.test(file));

const exists = (path: string) => existsSync(join(root, path));

describe('package.json', () => {
  test('no package has to be installed to run hawser', () => {
    const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies'];
    const asked = Object.keys(manifest).filter((key) => kinds.includes(key));
    assert.deepEqual(asked, []);
  });

  test('nothing happens at install time', () => {
    const hooks = /^(pre|post)?(install|prepare)$/;
    const hooked = Object.keys(manifest.scripts).filter((name) => hooks.test(name));
    assert.deepEqual(hooked, []);
    assert.equal(exists('binding.gyp'), false, 'npm runs node-gyp by itself when there is one');
  });

  test('every entry point is there after a build', () => {
    const targets = [
      ...Object.values(manifest.exports).flatMap((entry) =>
        typeof entry === 'string' ? [entry] : Object.values(entry),
      ),
      ...Object.values(manifest.bin),
    ];
    assert.deepEqual(
      targets.filter((target) => !exists(target)),
      [],
    );
  });

  test('a command of the package starts with the line that makes it executable', () => {
    for (const target of Object.values(manifest.bin)) {
      assert.match(readFileSync(join(root, target), 'utf8'), /^#!\/usr\/bin\/env node\n/);
    }
  });

  test('every script that runs a file of ours runs one that exists', () => {
    const files = Object.values(manifest.scripts).flatMap((command) =>
      [...command.matchAll(/\bnode (\S+\.m?js)/g)].map(([, file]) => file!),
    );
    const ours = files.filter((file) => !file.startsWith('build/'));
    assert.ok(ours.length > 0);
    assert.deepEqual(
      ours.filter((file) => !exists(file)),
      [],
    );
  });
});

describe('the documents', () => {
  test('every npm command in them exists', () => {
    const builtIn = new Set(['ci', 'install', 'pack', 'run']);
    const commands = documents.flatMap((file) =>
      [...read(file).matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)].map(([, name]) => ({
        file,
        name: name!,
      })),
    );
    assert.ok(commands.length > 0);
    assert.deepEqual(
      commands.filter(({ name }) => !builtIn.has(name) && !(name in manifest.scripts)),
      [],
    );
  });

  test('every relative link in them leads to a file', () => {
    const links = documents.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, link]) => ({
        file,
        link: link!,
      })),
    );
    assert.ok(links.length > 0);
    assert.deepEqual(
      links.filter(({ file, link }) => !exists(join(dirname(file), link))),
      [],
    );
  });

  test('the server in the README is the echo example', () => {
    const blocks = [...read('README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(
      ([, block]) => block,
    );
    assert.ok(blocks.includes(read('examples/echo.ts')));
  });
});

describe('the checkout', () => {
  test('CI tests the native engine and not only the one that stands in for it', {
    skip: process.env.CI ? false : 'outside CI a machine may have no compiler',
  }, () => {
    assert.equal(exists('build/native/hawser.node'), true);
  });
});
