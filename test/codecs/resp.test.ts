import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  LocalProtocolError,
  RespAttributed,
  RespDouble,
  RespError,
  type RespInput,
  RespPush,
  RespSimple,
  RespVerbatim,
  resp,
} from 'hawser/codecs';
import { decodeAll, encodeAll } from './outcome.js';

const decode = (text: string) =>
  decodeAll(resp({ limit: 4096, encoding: 'utf8' }), [Buffer.from(text)]);
const encode = (version: 2 | 3, value: RespInput) =>
  String(encodeAll(resp({ limit: 4096, version }), [value]));

const decoded: [string, unknown][] = [
  ['+OK\r\n', 'OK'],
  ['-ERR no\r\n', new RespError('ERR no')],
  [':1000\r\n', 1000],
  [':-9223372036854775808\r\n', -9223372036854775808n],
  [':+5\r\n', 5],
  ['$5\r\nhe\r\no\r\n', 'he\r\no'],
  ['$0\r\n\r\n', ''],
  ['$-1\r\n', null],
  ['*-1\r\n', null],
  ['*0\r\n', []],
  ['*2\r\n$3\r\nGET\r\n*1\r\n:1\r\n', ['GET', [1]]],
  ['_\r\n', null],
  ['#t\r\n', true],
  ['#f\r\n', false],
  [',1.23\r\n', 1.23],
  [',10\r\n', 10],
  [',-1e-3\r\n', -0.001],
  [',inf\r\n', Number.POSITIVE_INFINITY],
  [',-inf\r\n', Number.NEGATIVE_INFINITY],
  [',nan\r\n', Number.NaN],
  [
    '(3492890328409238509324850943850943825024385\r\n',
    3492890328409238509324850943850943825024385n,
  ],
  ['!21\r\nSYNTAX invalid syntax\r\n', new RespError('SYNTAX invalid syntax')],
  ['=15\r\ntxt:Some string\r\n', new RespVerbatim('txt', 'Some string')],
  [
    '%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n',
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
  ],
  ['%0\r\n', new Map()],
  ['~3\r\n+a\r\n:1\r\n+a\r\n', new Set(['a', 1])],
  ['>2\r\n+message\r\n$1\r\nx\r\n', new RespPush(['message', 'x'])],
  [
    '|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n',
    new RespAttributed<unknown>(new Map([['ttl', 3600]]), [1]),
  ],
  ['*2\r\n:1\r\n|0\r\n:2\r\n', [1, new RespAttributed(new Map(), 2)]],
];

const refused: [string, string][] = [
  ['PING\r\n', 'ERR_REMOTE_PROTOCOL 0 '],
  [':1\r\n@\r\n', 'ERR_REMOTE_PROTOCOL 4 '],
  [':12a\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  [':9223372036854775808\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  [':\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['$\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['$1x\r\n', 'ERR_REMOTE_PROTOCOL 2 '],
  ['$-2\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['%-1\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['$?\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['*?\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['$3\r\nabcd\r\n', 'ERR_REMOTE_PROTOCOL 7 '],
  ['$3\r\nabc\rX', 'ERR_REMOTE_PROTOCOL 8 '],
  ['+a\nb\r\n', 'ERR_REMOTE_PROTOCOL 2 '],
  ['+a\rb\r\n', 'ERR_REMOTE_PROTOCOL 2 '],
  ['#x\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['_x\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  [',1.2.3\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  [',Infinity\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['(1.5\r\n', 'ERR_REMOTE_PROTOCOL 1 '],
  ['=3\r\ntxt\r\n', 'ERR_REMOTE_PROTOCOL 4 '],
  ['*1\r\n>1\r\n:1\r\n', 'ERR_REMOTE_PROTOCOL 4 '],
  ['*1\r\n'.repeat(129), 'ERR_REMOTE_PROTOCOL 512 '],
  ['$4097\r\n', 'ERR_MESSAGE_TOO_LONG 4096 '],
  ['*1365\r\n', 'ERR_MESSAGE_TOO_LONG 4096 '],
  ['%4294967296\r\n', 'ERR_MESSAGE_TOO_LONG 4096 '],
  ['*99999999999999999999\r\n', 'ERR_MESSAGE_TOO_LONG 4096 '],
  ['*2\r\n:1\r\n', 'ERR_MESSAGE_TRUNCATED 8 '],
  ['$3\r\nab', 'ERR_MESSAGE_TRUNCATED 6 '],
];

describe('resp, decoding', () => {
  for (const [text, value] of decoded) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(decode(text + text), { messages: [value, value], error: null });
    });
  }

  for (const [text, error] of refused) {
    it(`refuses ${JSON.stringify(text).slice(0, 40)} and names the byte`, () => {
      assert.ok(decode(text).error?.startsWith(error), String(decode(text).error));
    });
  }

  it('gives Buffers for bulk strings unless it is told an encoding', () => {
    const bytes = Buffer.concat([
      Buffer.from('$2\r\n'),
      Buffer.of(0xff, 0x00),
      Buffer.from('\r\n'),
    ]);
    const one = (encoding?: 'bytes' | 'utf8' | 'latin1') =>
      decodeAll(resp({ limit: 99, encoding }), [bytes]);
    assert.deepEqual(one().messages, [Buffer.of(0xff, 0x00)]);
    assert.deepEqual(one('latin1').messages, ['\xff\0']);
    assert.match(one('utf8').error ?? '', /^ERR_REMOTE_PROTOCOL 4 resp: the text is not UTF-8/);
  });

  it('gives the messages before a fault in the same chunk, then the error', () => {
    const { messages, error } = decode(':1\r\n:2\r\nx');
    assert.deepEqual(messages, [1, 2]);
    assert.equal(error, 'ERR_REMOTE_PROTOCOL 8 resp: byte 0x78 begins no RESP type, at byte 8');
  });

  it('counts every byte of a top-level message for the limit, and each message anew', () => {
    const command = '*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n';
    const make = (limit: number) => resp({ limit, encoding: 'utf8' });
    const bytes = [Buffer.from(command + command)];
    assert.equal(decodeAll(make(command.length), bytes).messages.length, 2);
    assert.deepEqual(decodeAll(make(command.length - 1), bytes), {
      messages: [],
      error:
        'ERR_MESSAGE_TOO_LONG 21 resp: a message is larger than the 21 bytes allowed, at byte 21',
    });
    assert.equal(decodeAll(make(5), [Buffer.from('+OK\r\n')]).messages.length, 1);
    assert.match(
      decodeAll(make(4), [Buffer.from('+OK\r\n')]).error ?? '',
      /^ERR_MESSAGE_TOO_LONG 4 /,
    );
  });
});

const encoded: [RespInput, string, string][] = [
  [null, '$-1\r\n', '_\r\n'],
  [true, ':1\r\n', '#t\r\n'],
  [false, ':0\r\n', '#f\r\n'],
  [42, ':42\r\n', ':42\r\n'],
  [1.5, '$3\r\n1.5\r\n', ',1.5\r\n'],
  [2 ** 60, '$19\r\n1152921504606847000\r\n', ',1152921504606847000\r\n'],
  [-0, '$2\r\n-0\r\n', ',-0\r\n'],
  [Number.NaN, '$3\r\nnan\r\n', ',nan\r\n'],
  [Number.NEGATIVE_INFINITY, '$4\r\n-inf\r\n', ',-inf\r\n'],
  [new RespDouble(1), '$1\r\n1\r\n', ',1\r\n'],
  [7n, ':7\r\n', '(7\r\n'],
  [2n ** 64n, '$20\r\n18446744073709551616\r\n', '(18446744073709551616\r\n'],
  ['é', '$2\r\né\r\n', '$2\r\né\r\n'],
  [Buffer.from('ab'), '$2\r\nab\r\n', '$2\r\nab\r\n'],
  [new RespSimple('OK'), '+OK\r\n', '+OK\r\n'],
  [new RespError('ERR no'), '-ERR no\r\n', '-ERR no\r\n'],
  [new RespVerbatim('txt', 'é'), '$2\r\né\r\n', '=6\r\ntxt:é\r\n'],
  [['a', [1]], '*2\r\n$1\r\na\r\n*1\r\n:1\r\n', '*2\r\n$1\r\na\r\n*1\r\n:1\r\n'],
  [new Map([['a', 1]]), '*2\r\n$1\r\na\r\n:1\r\n', '%1\r\n$1\r\na\r\n:1\r\n'],
  [new Set([1]), '*1\r\n:1\r\n', '~1\r\n:1\r\n'],
  [new RespPush([1]), '*1\r\n:1\r\n', '>1\r\n:1\r\n'],
  [
    new RespAttributed<RespInput>(new Map([['a', 1]]), [2]),
    '*1\r\n:2\r\n',
    '|1\r\n$1\r\na\r\n:1\r\n*1\r\n:2\r\n',
  ],
];

describe('resp, encoding', () => {
  for (const [value, inResp2, inResp3] of encoded) {
    it(`writes ${JSON.stringify(inResp3)}, or ${JSON.stringify(inResp2)} in RESP2`, () => {
      assert.equal(encode(2, value), inResp2);
      assert.equal(encode(3, value), inResp3);
    });
  }

  it('writes an error of several lines in RESP3 and refuses it in RESP2', () => {
    assert.equal(encode(3, new RespError('ERR a\r\nb')), '!8\r\nERR a\r\nb\r\n');
    assert.throws(() => encode(2, new RespError('ERR a\r\nb')), LocalProtocolError);
  });

  it('speaks RESP2 until it is told otherwise', () => {
    const codec = resp({ limit: 99 });
    assert.equal(String(encodeAll(codec, [null])), '$-1\r\n');
    codec.version = 3;
    assert.equal(String(encodeAll(codec, [null])), '_\r\n');
    assert.throws(() => {
      codec.version = 4 as 3;
    }, /resp: version must be one of 2, 3; got 4/);
  });

  it('refuses what RESP cannot say, and encodes rightly after that', () => {
    const circle: RespInput[] = [];
    circle.push(circle);
    const unfit: unknown[] = [
      undefined,
      () => 1,
      Symbol('s'),
      {},
      [1, undefined],
      circle,
      new RespSimple('a\r\n'),
    ];
    unfit.push('\ud800', [new RespPush([])], new RespVerbatim('text', 'x'));
    for (const value of unfit) {
      assert.throws(() => encode(3, value as RespInput), LocalProtocolError);
    }
    assert.equal(encode(3, ['a']), '*1\r\n$1\r\na\r\n');
    assert.throws(
      () => resp({ limit: 9, encoding: 'latin1' }).encode('\u0100'),
      LocalProtocolError,
    );
  });

  it('leaves earlier output alone when it encodes more', () => {
    const codec = resp({ limit: 99 });
    const first = codec.encode('first');
    for (let i = 0; i < 5000; i++) codec.encode(`value ${i}`);
    assert.equal(String(Buffer.concat(first)), '$5\r\nfirst\r\n');
  });

  it('writes text of any length', () => {
    for (const length of [0, 1, 32, 33, 4095, 4096, 70_000]) {
      for (const letter of ['a', 'é']) {
        const text = letter.repeat(length);
        const bytes = encodeAll(resp({ limit: 9 }), [text]);
        assert.equal(String(bytes), `$${Buffer.byteLength(text)}\r\n${text}\r\n`);
      }
    }
  });
});
