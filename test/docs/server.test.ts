import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channels } from '#hawser/diagnostics';
import { closeCauses } from '#hawser/stats';
import { read } from '../frame/tree.js';
import { type Block, blocksOf } from './document.js';
import { follow } from './follow.js';

const text = read('docs/server.md');

/** What the guide has done before: hawser is there to import. */
const installed: Block = {
  language: 'console',
  name: '',
  text: '$ echo {} > package.json; npm install ../hawser --no-audit --no-fund > install.log\n',
  where: 'before docs/server.md',
};

test('the programs of docs/server.md show what it says', (t) =>
  follow(t, [installed, ...blocksOf('docs/server.md')]));

test('docs/server.md names every cause of a close and every channel', () => {
  const names = [...closeCauses, ...Object.values(channels).map((channel) => String(channel.name))];
  assert.deepEqual(
    names.filter((name) => !text.includes(`\`${name}\``)),
    [],
  );
});
