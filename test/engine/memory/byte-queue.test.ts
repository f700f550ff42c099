import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ByteQueue } from '#hawser/engine/memory/byte-queue';
import { Random } from '#hawser/engine/memory/random';

describe('the byte queue', () => {
  test('gives back what was put in, however the two are cut', () => {
    const random = new Random(1);
    const queue = new ByteQueue();
    const put: Buffer[] = [];
    const got: Buffer[] = [];
    for (let i = 0; i < 5000; i++) {
      const piece = Buffer.alloc(random.below(i % 10 === 0 ? 40_000 : 50), i);
      put.push(piece);
      queue.push(piece);
      assert.ok(queue.peek(10).length <= 10);
      const taken = queue.take(random.below(8000));
      got.push(taken);
    }
    got.push(queue.take(Infinity));
    assert.equal(queue.length, 0);
    assert.ok(Buffer.concat(got).equals(Buffer.concat(put)));
  });

  test('copies what is put in', () => {
    const queue = new ByteQueue();
    const data = Buffer.from('before');
    queue.push(data);
    data.fill('x');
    assert.equal(String(queue.take(6)), 'before');
  });

  test('does not write to what was taken out', () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from('a'));
    queue.push(Buffer.from('b'));
    const taken = queue.take(2);
    queue.push(Buffer.from('c'));
    queue.push(Buffer.from('d'));
    assert.equal(String(taken), 'ab');
    assert.equal(String(queue.take(2)), 'cd');
  });

  test('shows everything without removing it', () => {
    const queue = new ByteQueue();
    for (const piece of ['a', 'b'.repeat(20_000), 'c']) queue.push(Buffer.from(piece));
    const all = `a${'b'.repeat(20_000)}c`;
    assert.equal(String(queue.peekAll()), all);
    assert.equal(queue.length, 20_002);
    assert.equal(String(queue.take(Infinity)), all);
  });

  test('keeps the front when it is truncated', () => {
    const queue = new ByteQueue();
    for (const piece of ['abc', 'def', 'ghi']) queue.push(Buffer.from(piece));
    queue.truncate(20);
    assert.equal(queue.length, 9);
    queue.truncate(4);
    queue.push(Buffer.from('!'));
    assert.equal(String(queue.take(Infinity)), 'abcd!');
  });
});

describe('the random numbers', () => {
  const draws = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.below(1000));
  };

  test('depend on the seed alone', () => {
    assert.deepEqual(draws(7), draws(7));
  });

  test('of neighbouring seeds have nothing in common', () => {
    const same = draws(7).filter((number, i) => number === draws(8)[i]);
    assert.ok(same.length < 3, `${same.length} of 20 are the same`);
  });

  test('are spread evenly', () => {
    const random = new Random(3);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i++) counts[random.below(4)]!++;
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, String(counts));
  });

  test('of a fork do not change those of its origin', () => {
    const one = new Random(5);
    const other = new Random(5);
    const fork = one.fork();
    other.fork();
    for (let i = 0; i < 10; i++) fork.fraction();
    assert.equal(one.fraction(), other.fraction());
  });
});
