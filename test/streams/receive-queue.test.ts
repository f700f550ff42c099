import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ReceiveQueue } from '#hawser/streams/receive-queue';
import { pattern } from './stage.js';

/** A queue beside the plain bytes that it stands for. */
class Twin {
  readonly queue = new ReceiveQueue();
  bytes: Buffer = Buffer.alloc(0);
  /** What was handed out, with what it was then. */
  private readonly given: { chunk: Buffer; copy: Buffer }[] = [];
  private next = 0;

  push(length: number, keep: boolean): void {
    const chunk = pattern(this.next + length).subarray(this.next);
    this.next += length;
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.queue.push(chunk);
    if (keep) this.queue.keep();
  }

  shift(max: number): void {
    if (this.bytes.length === 0) return;
    this.hand(this.queue.shift(max), max);
  }

  take(count: number): void {
    const possible = Math.min(count, this.bytes.length);
    assert.equal(this.hand(this.queue.take(possible), possible), possible);
  }

  find(delimiter: Buffer, from: number): void {
    const expected = this.bytes.indexOf(delimiter, from);
    assert.equal(this.queue.indexOf(delimiter, Math.min(from, this.bytes.length)), expected);
  }

  check(): void {
    assert.equal(this.queue.byteLength, this.bytes.length);
    for (const { chunk, copy } of this.given) assert.ok(chunk.equals(copy));
  }

  private hand(chunk: Buffer, max: number): number {
    assert.ok(chunk.length > 0 || max === 0);
    assert.ok(chunk.length <= max);
    assert.ok(chunk.equals(this.bytes.subarray(0, chunk.length)));
    this.bytes = this.bytes.subarray(chunk.length);
    this.given.push({ chunk, copy: Buffer.from(chunk) });
    return chunk.length;
  }
}

const step = fc.oneof(
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(700, 20_000, 65_536)),
      fc.boolean(),
    )
    .map(
      ([length, keep]) =>
        (twin: Twin) =>
          twin.push(length, keep),
    ),
  fc
    .oneof(fc.integer({ min: 1, max: 50 }), fc.constant(Infinity))
    .map((max) => (twin: Twin) => twin.shift(max)),
  fc
    .oneof(fc.integer({ min: 0, max: 99 }), fc.constant(30_000))
    .map((count) => (twin: Twin) => twin.take(count)),
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(300)).map(
    ([length, from]) =>
      (twin: Twin) =>
        twin.find(pattern(300).subarray(from % 250, (from % 250) + length), from),
  ),
);

describe('the queue of received bytes', () => {
  it('is the bytes that were pushed, in order, and never changes what it gave', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const twin = new Twin();
        for (const act of steps) {
          act(twin);
          twin.check();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds single bytes in proportion to their number, not to the memory they came in', () => {
    const queue = new ReceiveQueue();
    for (let i = 0; i < 64 * 1024; i++) {
      queue.push(Buffer.from(new ArrayBuffer(4096), i % 4096, 1));
      queue.keep();
    }
    const held = new Set<ArrayBufferLike>();
    while (queue.byteLength > 0) held.add(queue.shift(Infinity).buffer);
    const heldBytes = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.ok(heldBytes <= 4 * 64 * 1024, `${heldBytes} bytes`);
    assert.ok(held.size < 20, `${held.size} pieces`);
  });

  it('gives a large chunk on as it is, and a small one that stays its own memory', () => {
    const queue = new ReceiveQueue();
    const slab = Buffer.from(new ArrayBuffer(256 * 1024));
    queue.push(slab.subarray(0, 100_000));
    queue.keep();
    assert.equal(queue.shift(Infinity).buffer, slab.buffer);
    queue.push(slab.subarray(0, 100));
    queue.keep();
    assert.ok(queue.shift(Infinity).buffer.byteLength <= 512);
    queue.push(slab.subarray(0, 100));
    assert.equal(queue.shift(Infinity).buffer, slab.buffer);
  });

  it('finds a delimiter that arrives byte by byte in linear time', { timeout: 10_000 }, () => {
    const queue = new ReceiveQueue();
    const delimiter = Buffer.from('--end--');
    const dash = Buffer.from('-');
    let from = 0;
    for (let i = 0; i < 1_000_000; i++) {
      queue.push(dash);
      queue.keep();
      assert.equal(queue.indexOf(delimiter, from), -1);
      from = Math.max(0, queue.byteLength - delimiter.length + 1);
    }
    queue.push(Buffer.from('end--'));
    assert.equal(queue.indexOf(delimiter, from - 2), 999_998);
  });
});
