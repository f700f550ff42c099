import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  fixedLength,
  type LengthPrefixedOptions,
  LocalProtocolError,
  lengthPrefixed,
  netstrings,
  varintPrefixed,
} from 'hawser/codecs';
import { decodeAll, encodeAll } from './outcome.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const hello = Buffer.from('HELLO, WORLD').toString('hex');

/** The six set-ups that Netty's LengthFieldBasedFrameDecoder documents, a 12-byte text in each. */
const nettySetUps: {
  title: string;
  options: LengthPrefixedOptions;
  frame: string;
  message: string;
}[] = [
  {
    title: 'a length in front that counts the text, header kept',
    options: { limit: 99, lengthBytes: 2, strip: 0 },
    frame: `000c ${hello}`,
    message: `000c ${hello}`,
  },
  {
    title: 'the same with the header stripped',
    options: { limit: 99, lengthBytes: 2, strip: 2 },
    frame: `000c ${hello}`,
    message: hello,
  },
  {
    title: 'a length that counts itself too',
    options: { limit: 99, lengthBytes: 2, adjustment: -2, strip: 0 },
    frame: `000e ${hello}`,
    message: `000e ${hello}`,
  },
  {
    title: 'a header before a length of 3 bytes',
    options: { limit: 99, offset: 2, lengthBytes: 3, strip: 0 },
    frame: `cafe 00000c ${hello}`,
    message: `cafe 00000c ${hello}`,
  },
  {
    title: 'a header between the length and the text that the length does not count',
    options: { limit: 99, lengthBytes: 3, adjustment: 2, strip: 0 },
    frame: `00000c cafe ${hello}`,
    message: `00000c cafe ${hello}`,
  },
  {
    title: 'headers before and after the length, the first and the length stripped',
    options: { limit: 99, offset: 1, lengthBytes: 2, adjustment: 1, strip: 3 },
    frame: `ca 000c fe ${hello}`,
    message: `fe ${hello}`,
  },
  {
    title: 'the same where the length counts the whole frame',
    options: { limit: 99, offset: 1, lengthBytes: 2, adjustment: -3, strip: 3 },
    frame: `ca 0010 fe ${hello}`,
    message: `fe ${hello}`,
  },
];

describe('lengthPrefixed', () => {
  for (const { title, options, frame, message } of nettySetUps) {
    it(`decodes ${title}`, () => {
      const bytes = hex(frame + frame);
      assert.deepEqual(decodeAll(lengthPrefixed(options), [bytes]), {
        messages: [hex(message), hex(message)],
        error: null,
      });
    });
  }

  for (const lengthBytes of [1, 2, 3, 4, 8] as const) {
    for (const endian of ['big', 'little'] as const) {
      it(`writes and reads ${lengthBytes} bytes, ${endian} endian`, () => {
        const make = () => lengthPrefixed({ limit: 99, lengthBytes, endian });
        const bytes = encodeAll(make(), [Buffer.from('abc')]);
        const length = Buffer.alloc(lengthBytes);
        length[endian === 'big' ? lengthBytes - 1 : 0] = 3;
        assert.deepEqual(bytes, Buffer.concat([length, Buffer.from('abc')]));
        assert.deepEqual(decodeAll(make(), [bytes]).messages, [Buffer.from('abc')]);
      });
    }
  }

  it('strips the length field when nothing else is said', () => {
    assert.deepEqual(decodeAll(lengthPrefixed({ limit: 9 }), [hex('00000001 aa')]).messages, [
      hex('aa'),
    ]);
  });

  it('counts the whole frame when it is inclusive', () => {
    const make = () => lengthPrefixed({ limit: 9, lengthBytes: 2, inclusive: true });
    assert.deepEqual(encodeAll(make(), [hex('aabb')]), hex('0004 aabb'));
    assert.deepEqual(decodeAll(make(), [hex('0004 aabb 0002')]).messages, [hex('aabb'), hex('')]);
  });

  it('passes a frame of the limit and refuses one byte more at its length field', () => {
    const make = () => lengthPrefixed({ limit: 6, lengthBytes: 2, offset: 1 });
    assert.deepEqual(decodeAll(make(), [hex('00 0003 aabbcc')]).messages, [hex('aabbcc')]);
    assert.deepEqual(decodeAll(make(), [hex('00 0000 00 0004')]), {
      messages: [hex('')],
      error:
        'ERR_MESSAGE_TOO_LONG 4 lengthPrefixed: a length of 4 makes a frame above the 6 bytes allowed, at byte 4',
    });
  });

  it('refuses lengths that no number holds exactly', () => {
    const codec = lengthPrefixed({ limit: 6 + 2 ** 20, lengthBytes: 8 });
    assert.match(
      decodeAll(codec, [hex('ffffffffffffffff')]).error ?? '',
      /^ERR_MESSAGE_TOO_LONG 0 /,
    );
  });

  it('refuses a length that cuts its own header or the bytes to strip', () => {
    const inclusive = lengthPrefixed({ limit: 9, lengthBytes: 2, inclusive: true });
    assert.match(
      decodeAll(inclusive, [hex('0001')]).error ?? '',
      /shorter than its 2 bytes of header, at byte 0/,
    );
    const stripping = lengthPrefixed({ limit: 9, lengthBytes: 2, strip: 4 });
    assert.match(
      decodeAll(stripping, [hex('0001 aa')]).error ?? '',
      /shorter than the 4 bytes to strip/,
    );
  });

  it('says what is missing when the input ends inside a frame', () => {
    assert.equal(
      decodeAll(lengthPrefixed({ limit: 9 }), [hex('00000003 aa')]).error,
      'ERR_MESSAGE_TRUNCATED 5 lengthPrefixed: the input ended 5 bytes into a message, before all of 7 bytes, at byte 5',
    );
  });

  it('fills the length in when whole frames are encoded, and leaves the caller’s bytes alone', () => {
    const codec = lengthPrefixed({ limit: 99, offset: 1, lengthBytes: 2, adjustment: 1, strip: 0 });
    const frame = hex('ca ffff fe aabb');
    assert.deepEqual(encodeAll(codec, [frame]), hex('ca 0002 fe aabb'));
    assert.deepEqual(frame, hex('ca ffff fe aabb'));
  });

  it('does not encode what it cannot', () => {
    const one = { limit: 400, lengthBytes: 1 } as const;
    for (const [options, message] of [
      [one, Buffer.alloc(256)],
      [{ limit: 9 }, Buffer.alloc(6)],
      [{ ...one, offset: 1 }, Buffer.alloc(1)],
      [{ ...one, adjustment: 5 }, Buffer.alloc(1)],
      [{ ...one, strip: 0, offset: 3 }, Buffer.alloc(3)],
    ] as const) {
      assert.throws(() => lengthPrefixed(options).encode(message), LocalProtocolError);
    }
  });

  it('refuses options that do not fit together', () => {
    assert.throws(() => lengthPrefixed({ limit: 3 }), /limit must be an integer from 4/);
    assert.throws(
      () => lengthPrefixed({ limit: 9, lengthBytes: 5 as 4 }),
      /lengthBytes must be one of/,
    );
    assert.throws(
      () => lengthPrefixed({ limit: 9, inclusive: true, adjustment: 1 }),
      /one of the two/,
    );
    assert.throws(() => lengthPrefixed({ limit: 9, strip: 10 }), RangeError);
    assert.throws(() => lengthPrefixed({} as { limit: number }), TypeError);
  });
});

describe('fixedLength', () => {
  it('cuts the stream every n bytes and refuses the rest', () => {
    assert.deepEqual(decodeAll(fixedLength(2), [hex('aabbccdd ee')]), {
      messages: [hex('aabb'), hex('ccdd')],
      error:
        'ERR_MESSAGE_TRUNCATED 5 fixedLength: the input ended 1 bytes into a message, before all of 2 bytes, at byte 5',
    });
  });

  it('encodes messages of that length only', () => {
    assert.throws(() => fixedLength(2).encode(hex('aa')), LocalProtocolError);
    assert.throws(() => fixedLength(0), RangeError);
  });
});

describe('varintPrefixed', () => {
  it('writes lengths as Protocol Buffers does', () => {
    const codec = varintPrefixed({ limit: 70_000 });
    for (const [length, prefix] of [
      [0, '00'],
      [127, '7f'],
      [128, '8001'],
      [300, 'ac02'],
      [65_536, '808004'],
    ] as const) {
      assert.deepEqual(
        encodeAll(codec, [Buffer.alloc(length)]).subarray(0, prefix.length / 2),
        hex(prefix),
      );
    }
  });

  it('passes a message of the limit and refuses one byte more', () => {
    const make = () => varintPrefixed({ limit: 128 });
    assert.equal(decodeAll(make(), [hex('8001'), Buffer.alloc(128)]).messages.length, 1);
    assert.match(decodeAll(make(), [hex('8101')]).error ?? '', /^ERR_MESSAGE_TOO_LONG 1 /);
    assert.throws(() => make().encode(Buffer.alloc(129)), LocalProtocolError);
  });

  it('refuses a length that does not end after 5 bytes', () => {
    assert.match(
      decodeAll(varintPrefixed({ limit: 9 }), [hex('8080808080')]).error ?? '',
      /^ERR_REMOTE_PROTOCOL 4 /,
    );
  });
});

describe('netstrings', () => {
  it('decodes the examples of its specification', () => {
    const { messages } = decodeAll(netstrings({ limit: 99 }), [Buffer.from('12:hello world!,0:,')]);
    assert.deepEqual(messages.map(String), ['hello world!', '']);
  });

  for (const [stream, error] of [
    ['3:abc;', 'ERR_REMOTE_PROTOCOL 5'],
    ['03:abc,', 'ERR_REMOTE_PROTOCOL 1'],
    [':,', 'ERR_REMOTE_PROTOCOL 0'],
    ['-1:,', 'ERR_REMOTE_PROTOCOL 0'],
    ['3 :abc,', 'ERR_REMOTE_PROTOCOL 1'],
    ['0:,100:', 'ERR_MESSAGE_TOO_LONG 5'],
    ['5:ab', 'ERR_MESSAGE_TRUNCATED 4'],
    ['9', 'ERR_MESSAGE_TRUNCATED 1'],
  ] as const) {
    it(`refuses ${stream} and names the byte`, () => {
      const result = decodeAll(netstrings({ limit: 99 }), [Buffer.from(stream)]);
      assert.ok(result.error?.startsWith(`${error} `), String(result.error));
    });
  }

  it('passes a message of the limit and refuses one byte more', () => {
    assert.equal(
      decodeAll(netstrings({ limit: 10 }), [Buffer.from('10:aaaaaaaaaa,')]).messages.length,
      1,
    );
    assert.throws(() => netstrings({ limit: 10 }).encode(Buffer.alloc(11)), LocalProtocolError);
  });
});
