import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  delimited,
  fixedLength,
  lengthPrefixed,
  lines,
  netstrings,
  resp,
  varintPrefixed,
} from 'hawser/codecs';
import { byteByByte, decodeAll, encodeAll } from './outcome.js';

const LARGE = 1024 * 1024;
const SLAB = 64 * 1024;
const large = Buffer.alloc(LARGE, 'x');
const limit = 2 * LARGE;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes of array buffers that something still refers to. */
function heldBuffers(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

const codecs = {
  lines: () => lines({ limit, encoding: 'bytes' }),
  delimited: () => delimited({ limit, delimiter: '--end--' }),
  fixedLength: () => fixedLength(LARGE),
  lengthPrefixed: () => lengthPrefixed({ limit }),
  varintPrefixed: () => varintPrefixed({ limit }),
  netstrings: () => netstrings({ limit }),
  resp: () => resp({ limit }),
} as const;

describe('the cost of a large message', () => {
  for (const [name, make] of Object.entries(codecs)) {
    // With a copy or a search for each byte this would be 5 * 10^11 steps.
    it(`is in proportion to its size, byte by byte too: ${name}`, { timeout: 20_000 }, () => {
      const { messages, error } = decodeAll(make(), byteByByte(encodeAll(make(), [large])));
      assert.equal(error, null);
      assert.ok(large.equals(messages[0] as Buffer));
    });
  }

  it('is not allocated before its bytes arrive', () => {
    // What the tests before left to the collector must not count: only growth can tell.
    const before = heldBuffers();
    const announcing = Array.from({ length: 2000 }, () => {
      const codec = lengthPrefixed({ limit: 2 ** 30 });
      codec.decode(Buffer.from('3fff0000', 'hex'));
      return codec;
    });
    const held = heldBuffers() - before;
    assert.ok(
      held < announcing.length * 16 * 1024,
      `${held} bytes for ${announcing.length} announcements`,
    );
  });
});

describe('the ownership of decoded bytes', () => {
  const slab = () => Buffer.from(new ArrayBuffer(SLAB));

  it('copies short messages, so that keeping one keeps no receive slab', () => {
    const chunk = slab();
    chunk.write('$3\r\nabc\r\n');
    const [value] = [...resp({ limit: 99 }).decode(chunk.subarray(0, 9))] as Buffer[];
    assert.deepEqual(value, Buffer.from('abc'));
    assert.ok(value!.buffer.byteLength <= 8192, `keeps ${value!.buffer.byteLength} bytes`);
  });

  it('gives views of the chunk for long messages', () => {
    const chunk = slab();
    chunk.writeUInt32BE(5000);
    const [message] = [...lengthPrefixed({ limit: 9999 }).decode(chunk.subarray(0, 5004))];
    assert.equal(message!.buffer, chunk.buffer);
  });

  it('does not refer to a chunk that only began a message', () => {
    const codec = lengthPrefixed({ limit: 9999 });
    const first = slab();
    first.writeUInt32BE(5000);
    codec.decode(first.subarray(0, 2000));
    const [message] = [...codec.decode(Buffer.alloc(3004))];
    assert.notEqual(message!.buffer, first.buffer);
    assert.equal(message!.length, 5000);
  });

  it('passes large payloads on without a copy when it encodes', () => {
    assert.equal(lengthPrefixed({ limit }).encode(large)[1], large);
    assert.equal(resp({ limit }).encode(large)[1], large);
  });
});
