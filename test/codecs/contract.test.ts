import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RemoteProtocolError } from 'hawser/codecs';
import { subjects } from './codec-table.js';
import { byteByByte, cut, decodeAll, encodeAll } from './outcome.js';

const places = fc.array(fc.nat(5000), { maxLength: 8 });

for (const {
  name,
  make,
  messages,
  pieces,
  limit,
  comparable = (all: unknown[]) => all,
} of subjects) {
  const decoded = (chunks: Iterable<Uint8Array>) => {
    const { messages, error } = decodeAll(make(), chunks);
    return { messages: comparable(messages), error };
  };

  const nearlyValid = fc
    .array(fc.constantFrom(...pieces), { maxLength: 30 })
    .map((parts) => Buffer.from(parts.join(''), 'utf8'));
  const anyBytes = fc.oneof(
    nearlyValid,
    nearlyValid.map((bytes) => Buffer.from(bytes.toString('utf8'), 'latin1')),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );

  describe(`codec: ${name}`, () => {
    it('decodes what it encodes to the same messages', () => {
      fc.assert(
        fc.property(messages, (sent) => {
          assert.deepEqual(decodeAll(make(), [encodeAll(make(), sent)]), {
            messages: sent,
            error: null,
          });
        }),
      );
    });

    it('gives the same messages at every split point and byte by byte', () => {
      fc.assert(
        fc.property(messages, (sent) => {
          const bytes = encodeAll(make(), sent);
          const whole = { messages: comparable(sent), error: null };
          assert.deepEqual(decoded(byteByByte(bytes)), whole);
          for (let at = 0; at <= bytes.length; at++) {
            assert.deepEqual(decoded(cut(bytes, [at])), whole);
          }
        }),
        { numRuns: 30 },
      );
    });

    it('makes the same messages and the same error of any bytes, however they are cut', () => {
      fc.assert(
        fc.property(anyBytes, places, (bytes, at) => {
          const whole = decoded([bytes]);
          assert.deepEqual(decoded(byteByByte(bytes)), whole);
          assert.deepEqual(decoded(cut(bytes, at)), whole);
        }),
        { numRuns: 1000 },
      );
    });

    it('makes messages or a RemoteProtocolError of a valid stream with a byte changed', () => {
      fc.assert(
        fc.property(messages, fc.nat(), fc.nat(255), (sent, at, byte) => {
          const bytes = encodeAll(make(), sent);
          if (bytes.length > 0) bytes[at % bytes.length] = byte;
          assert.deepEqual(decoded(byteByByte(bytes)), decoded([bytes]));
        }),
      );
    });

    it('never holds more than its limit and the bytes that end a message', () => {
      fc.assert(
        fc.property(anyBytes, (bytes) => {
          const codec = make();
          let most = 0;
          try {
            for (const chunk of byteByByte(bytes)) {
              codec.decode(chunk);
              most = Math.max(most, (codec as unknown as { bufferedBytes: number }).bufferedBytes);
            }
          } catch (error) {
            assert.ok(error instanceof RemoteProtocolError);
          }
          assert.ok(most <= limit + 16, `held ${most} bytes`);
        }),
      );
    });

    it('repeats its error for whatever comes after it', () => {
      fc.assert(
        fc.property(anyBytes, anyBytes, (bytes, more) => {
          const codec = make();
          const first = failureOf(() => [...codec.decode(bytes)]);
          fc.pre(first !== null);
          assert.equal(
            failureOf(() => [...codec.decode(more)]),
            first,
          );
          assert.equal(
            failureOf(() => [...codec.end()]),
            first,
          );
        }),
        { numRuns: name.startsWith('fixedLength') ? 0 : 50 },
      );
    });
  });
}

function failureOf(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}
