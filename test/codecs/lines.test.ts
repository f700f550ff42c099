import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { delimited, jsonLines, LocalProtocolError, lines } from 'hawser/codecs';
import { decodeAll, encodeAll } from './outcome.js';

const text = (...chunks: string[]) => chunks.map((chunk) => Buffer.from(chunk));

describe('lines', () => {
  it('takes LF and CRLF, and the end of input, for line ends when it is lenient', () => {
    assert.deepEqual(decodeAll(lines({ limit: 10 }), text('one\ntwo\r\n\nlast')), {
      messages: ['one', 'two', '', 'last'],
      error: null,
    });
  });

  it('removes one CR at most from a line end', () => {
    assert.deepEqual(decodeAll(lines({ limit: 10 }), text('a\r\r\nb\rc\n')).messages, [
      'a\r',
      'b\rc',
    ]);
  });

  it('names the byte of a bare LF or CR when CRLF is strict', () => {
    const strict = () => lines({ limit: 10, newline: '\r\n', strict: true });
    assert.deepEqual(decodeAll(strict(), text('ok\r\nbare\n')), {
      messages: ['ok'],
      error:
        'ERR_REMOTE_PROTOCOL 8 lines: an LF without CR before it; lines end with CRLF, at byte 8',
    });
    assert.deepEqual(decodeAll(strict(), text('a\rb\r\n')), {
      messages: [],
      error:
        'ERR_REMOTE_PROTOCOL 1 lines: a CR without LF inside a line; lines end with CRLF, at byte 1',
    });
  });

  it('keeps a CR as content when LF is strict', () => {
    assert.deepEqual(decodeAll(lines({ limit: 10, strict: true }), text('a\r\n')).messages, [
      'a\r',
    ]);
  });

  it('calls an unfinished last line truncated when it is strict', () => {
    assert.equal(
      decodeAll(lines({ limit: 10, strict: true }), text('a\nbc')).error,
      'ERR_MESSAGE_TRUNCATED 4 lines: the input ended 2 bytes into a line, before its end, at byte 4',
    );
  });

  for (const newline of ['\n', '\r\n'] as const) {
    for (const strict of [false, true]) {
      const name = `${JSON.stringify(newline)}, strict ${strict}`;
      it(`passes a line of the limit and refuses one byte more (${name})`, () => {
        const make = () => lines({ limit: 5, newline, strict });
        assert.deepEqual(decodeAll(make(), text(`12345${newline}`)).messages, ['12345']);
        const tooLong =
          'ERR_MESSAGE_TOO_LONG 5 lines: a message is longer than the 5 bytes allowed, at byte 5';
        assert.equal(decodeAll(make(), text(`123456${newline}`)).error, tooLong);
        assert.equal(decodeAll(make(), text('1234567')).error, tooLong);
      });
    }
  }

  it('counts bytes, not characters, for the limit', () => {
    assert.deepEqual(decodeAll(lines({ limit: 4 }), text('éé\n')).messages, ['éé']);
    assert.match(decodeAll(lines({ limit: 3 }), text('éé\n')).error ?? '', /TOO_LONG/);
  });

  it('names the byte where a line stops being UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('ok\né'), Buffer.of(0xe2, 0x28), Buffer.from('\n')]);
    assert.deepEqual(decodeAll(lines({ limit: 10 }), [bytes]), {
      messages: ['ok'],
      error: 'ERR_REMOTE_PROTOCOL 5 lines: the line is not UTF-8, at byte 5',
    });
  });

  it('takes a replacement character in the text for what it is', () => {
    assert.deepEqual(decodeAll(lines({ limit: 10 }), text('\ufffd\n')).messages, ['\ufffd']);
  });

  it('gives any bytes with encoding bytes', () => {
    const codec = lines({ limit: 10, encoding: 'bytes' });
    assert.deepEqual(decodeAll(codec, [Buffer.of(0xff, 0x0a)]).messages, [Buffer.of(0xff)]);
  });

  it('writes the newline it was told', () => {
    assert.equal(String(encodeAll(lines({ limit: 9 }), ['a', ''])), 'a\n\n');
    assert.equal(String(encodeAll(lines({ limit: 9, newline: '\r\n' }), ['a'])), 'a\r\n');
  });

  it('does not encode what the peer would read differently', () => {
    for (const line of ['a\nb', 'a\r', 'toolong', '\ud800', 7 as unknown as string]) {
      assert.throws(() => lines({ limit: 6 }).encode(line), LocalProtocolError);
    }
    assert.throws(
      () => lines({ limit: 6, newline: '\r\n', strict: true }).encode('a\rb'),
      LocalProtocolError,
    );
    assert.equal(String(encodeAll(lines({ limit: 6, strict: true }), ['a\r'])), 'a\r\n');
  });

  it('cannot be made without a limit', () => {
    assert.throws(
      () => lines({} as { limit: number }),
      /lines: limit must be a number, in bytes; got undefined/,
    );
    assert.throws(() => lines({ limit: -1 }), RangeError);
    assert.throws(() => lines({ limit: Number.POSITIVE_INFINITY }), RangeError);
    assert.throws(() => lines({ limit: 1, newline: '\r' as '\n' }), /newline must be one of/);
  });

  it('throws at once for a decode after the end', () => {
    const codec = lines({ limit: 1 });
    codec.end();
    assert.throws(() => codec.decode(Buffer.from('a')), LocalProtocolError);
  });
});

describe('delimited', () => {
  it('finds a delimiter that is cut up by many chunks', () => {
    const codec = delimited({ limit: 10, delimiter: '--end--' });
    assert.deepEqual(
      decodeAll(codec, text('a--', 'e', 'n', 'd-', '-b--end-', '-')).messages.map(String),
      ['a', 'b'],
    );
  });

  it('passes a message of the limit and refuses one byte more', () => {
    const make = () => delimited({ limit: 3, delimiter: '\r\n' });
    assert.deepEqual(decodeAll(make(), text('abc\r\n')).messages.map(String), ['abc']);
    const tooLong =
      'ERR_MESSAGE_TOO_LONG 3 delimited: a message is longer than the 3 bytes allowed, at byte 3';
    assert.equal(decodeAll(make(), text('abcd\r\n')).error, tooLong);
    assert.equal(decodeAll(make(), text('abcd\r')).error, tooLong);
  });

  it('calls a message without its delimiter truncated', () => {
    assert.equal(
      decodeAll(delimited({ limit: 3, delimiter: '\0' }), text('a\0bc')).error,
      'ERR_MESSAGE_TRUNCATED 4 delimited: the input ended 2 bytes into a message, before its delimiter, at byte 4',
    );
  });

  it('does not encode a message that contains the delimiter or begins one', () => {
    const codec = delimited({ limit: 9, delimiter: 'aab' });
    assert.throws(() => codec.encode(Buffer.from('xaaby')), LocalProtocolError);
    // 'xa' + 'aab' has its first 'aab' where ours is: 'xa|aab'. 'ab' ends nothing.
    assert.equal(String(Buffer.concat(codec.encode(Buffer.from('x')))), 'xaab');
    const overlapping = delimited({ limit: 9, delimiter: 'abab' });
    assert.throws(() => overlapping.encode(Buffer.from('ab')), LocalProtocolError);
  });

  it('refuses an empty delimiter', () => {
    assert.throws(() => delimited({ limit: 1, delimiter: '' }), RangeError);
  });
});

describe('jsonLines', () => {
  it('gives one value a line, the last without a line end too', () => {
    const codec = jsonLines({ limit: 100 });
    assert.deepEqual(decodeAll(codec, text('{"a":1}\n[true]\r\n"x"')).messages, [
      { a: 1 },
      [true],
      'x',
    ]);
  });

  it('names a byte in the line that is not JSON, an empty line included', () => {
    for (const [line, offset] of [
      ['1\n{"a" 1}\n', 7],
      ['1\n"é" "é"\n', 7],
      ['1\n\n', 2],
    ] as const) {
      const { messages, error } = decodeAll(jsonLines({ limit: 100 }), text(line));
      assert.deepEqual(messages, [1]);
      assert.match(
        error ?? '',
        new RegExp(`^ERR_REMOTE_PROTOCOL ${offset} jsonLines: the line is not JSON`),
      );
    }
  });

  it('does not encode what JSON cannot say', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [undefined, () => 1, 1n, circle, 'x'.repeat(100)]) {
      assert.throws(() => jsonLines({ limit: 100 }).encode(value), LocalProtocolError);
    }
  });
});
