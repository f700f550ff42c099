import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchange, output, serveExample, without } from './program.js';

test('netcat adds numbers up with the streams example', { skip: without('nc') }, async (t) => {
  const { port } = await serveExample(t, 'lines');
  const args = ['-N', '127.0.0.1', String(port)];
  assert.equal(await output('nc', args, { input: '1\n2\r\n39' }), '1\n3\n42\n');
});

test('the streams example hangs up when told bye, and on what is no number', async (t) => {
  const { port } = await serveExample(t, 'lines');
  assert.equal(await exchange(port, '1\nbye\n2\n'), '1\n');
  assert.equal(await exchange(port, '1\nmany\n2\n'), '1\nNumbers only.\n');
});
