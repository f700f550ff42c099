import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Outbox } from '#hawser/engine/node/outbox';

function takeAll(outbox: Outbox, most: number): Buffer {
  const taken: Buffer[] = [];
  while (outbox.byteLength > 0) {
    const chunks = outbox.take(most);
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    assert.ok(length > 0 && length <= most, `${length} of at most ${most} bytes`);
    taken.push(...chunks);
  }
  return Buffer.concat(taken);
}

describe('the outbox of a connection', () => {
  test('gives back what was appended, in order, whatever the sizes and the pieces it is taken in', () => {
    const sizes = [1, 3, 1000, 1024, 8191, 8192, 8193, 20_000, 2, 70_000, 5];
    for (const most of [1, 7, 1024, 65_536, 1_000_000]) {
      const outbox = new Outbox();
      const expected: Buffer[] = [];
      for (const [i, size] of sizes.entries()) {
        const data = Buffer.alloc(size, i + 1);
        expected.push(data);
        if (i % 3 === 2) outbox.appendOwned(data);
        else if (i % 3 === 1) outbox.appendText(data.toString('latin1'));
        else outbox.append(data);
      }
      const whole = Buffer.concat(expected);
      assert.equal(outbox.byteLength, whole.length);
      assert.ok(takeAll(outbox, most).equals(whole), `taken by ${most}`);
    }
  });

  test('what is appended after a take does not change what was taken', () => {
    const outbox = new Outbox();
    for (const text of ['one ', 'two ', 'three ']) outbox.append(Buffer.from(text));
    const taken = outbox.take(1000);
    outbox.append(Buffer.from('four'));
    assert.equal(String(Buffer.concat(taken)), 'one two three ');
    assert.equal(String(Buffer.concat(outbox.take(1000))), 'four');
  });

  test('append copies, appendOwned does not', () => {
    const outbox = new Outbox();
    const copied = Buffer.from('copied ');
    const kept = Buffer.from('kept');
    outbox.append(copied);
    outbox.appendOwned(kept);
    copied.fill('x');
    kept.write('KEPT');
    assert.equal(String(Buffer.concat(outbox.take(1000))), 'copied KEPT');
  });

  test('a million appends of one byte are a few chunks', () => {
    const outbox = new Outbox();
    const byte = Buffer.from('.');
    for (let i = 0; i < 1_000_000; i++) outbox.append(byte);
    const chunks = outbox.take(1_000_000);
    assert.ok(chunks.length < 50, `${chunks.length} chunks`);
    assert.equal(outbox.byteLength, 0);
  });
});
