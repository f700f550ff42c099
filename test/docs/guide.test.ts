import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withoutNativeEngine } from '../examples/program.js';
import { blocksOf } from './document.js';
import { follow } from './follow.js';

describe('docs/guide.md', () => {
  const blocks = blocksOf('docs/guide.md');

  test('every block is commands or a named file', () => {
    const others = blocks.filter(
      ({ language, name }) => (language === 'console') !== (name === ''),
    );
    assert.deepEqual(others, []);
    assert.ok(blocks.length > 10);
  });

  test(
    'following it from top to bottom shows what it says',
    {
      skip: withoutNativeEngine(),
    },
    (t) => follow(t, blocks),
  );

  test('the units of systemd start the server that the guide wrote, on the port it uses', () => {
    const unit = (name: string) => blocks.find((block) => block.name === name)!.text;
    assert.match(unit('shelf.socket'), /^ListenStream=127\.0\.0\.1:8888$/m);
    const program = /^ExecStart=\/usr\/bin\/node (.+)$/m.exec(unit('shelf.service'))![1];
    assert.ok(blocks.some(({ name }) => name === program));
  });
});
