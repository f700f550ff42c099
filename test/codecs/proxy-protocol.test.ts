import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LocalProtocolError, type ProxyHeader, proxyProtocol } from 'hawser/codecs';
import { crc32c } from '#hawser/codecs/crc32c';
import { decodeAll } from './outcome.js';

const make = (limit = 4096) => proxyProtocol({ limit });
const decode = (bytes: Buffer | string, limit?: number) =>
  decodeAll(make(limit), [Buffer.from(bytes)]);
const encode = (header: ProxyHeader) => Buffer.concat(make().encode(header));
const ip = (host: string, port: number) => ({
  family: host.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
  host,
  port,
});
const client = ip('192.0.2.1', 56_324);
const server = ip('198.51.100.2', 443);
const tcp = { command: 'PROXY', protocol: 'stream', source: client, destination: server } as const;

const tls = {
  encrypted: true,
  certificate: { connection: false, session: false },
  verifyResult: 0,
};

const SIGNATURE = '0d0a0d0a000d0a515549540a';
/** A version 2 header: command, family, and the rest in hexadecimal with its length put before it. */
const v2 = (start: string, rest = '') => {
  const body = Buffer.from(rest.replaceAll(' ', ''), 'hex');
  const length = Buffer.of(body.length >>> 8, body.length & 0xff);
  return Buffer.concat([Buffer.from(SIGNATURE + start, 'hex'), length, body]);
};
const ADDRESSES = 'c0000201 c6336402 dc04 01bb';

describe('proxyProtocol, version 1', () => {
  it('gives the header first and then the bytes behind it', () => {
    const { messages } = decode(
      'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET / HTTP/1.1\r\n',
    );
    const [header, data] = messages as [ProxyHeader, Buffer];
    assert.equal(header.version, 1);
    assert.equal(`${header.source} ${header.destination}`, '192.0.2.1:56324 198.51.100.2:443');
    assert.equal(String(data), 'GET / HTTP/1.1\r\n');
  });

  it('spells IPv6 addresses one way, whatever way they came', () => {
    for (const [sent, host] of [
      ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
      ['::', '::'],
      ['1::', '1::'],
      ['0:0:1::', '0:0:1::'],
      ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
      ['1:2:3:4:5:6:7:0', '1:2:3:4:5:6:7:0'],
      ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
      ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ] as const) {
      const [header] = decode(`PROXY TCP6 ${sent} ::1 1 2\r\n`).messages as [ProxyHeader];
      assert.equal(String(header.source), `[${host}]:1`);
    }
  });

  it('has no addresses for UNKNOWN, whatever follows it', () => {
    for (const line of ['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff::f any thing\r\n']) {
      const [header] = decode(line).messages as [ProxyHeader];
      assert.deepEqual(
        [header.source, header.destination, header.protocol],
        [null, null, 'unspecified'],
      );
    }
  });

  for (const [line, offset] of [
    ['GET / HTTP/1.1\r\n', 0],
    ['PROXI TCP4', 4],
    ['PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n', 6],
    ['PROXY\r\n', 5],
    ['PROXY TCP4 1.1.1 1.1.1.1 1 1\r\n', 11],
    ['PROXY TCP4 01.1.1.1 1.1.1.1 1 1\r\n', 11],
    ['PROXY TCP4 256.1.1.1 1.1.1.1 1 1\r\n', 11],
    ['PROXY TCP4 1.1.1.1 ::1 1 1\r\n', 19],
    ['PROXY TCP6 1::2::3 ::1 1 1\r\n', 11],
    ['PROXY TCP6 fe80::1%lo ::1 1 1\r\n', 11],
    ['PROXY TCP6 1:2:3:4:5:6:7 ::1 1 1\r\n', 11],
    ['PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 1\r\n', 11],
    ['PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n', 27],
    ['PROXY TCP4 1.1.1.1 1.1.1.1 1 01\r\n', 29],
    ['PROXY TCP4 1.1.1.1 1.1.1.1 1 \r\n', 29],
    ['PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n', 30],
    ['PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n', 11],
    ['PROXY UNKNOWN\n', 13],
  ] as const) {
    it(`refuses ${JSON.stringify(line)} at byte ${offset}`, () => {
      const { messages, error } = decode(line);
      assert.deepEqual(messages, []);
      assert.ok(error?.startsWith(`ERR_REMOTE_PROTOCOL ${offset} `), String(error));
    });
  }

  it('takes a line of 107 bytes and refuses one of 108', () => {
    const line = (length: number) => `PROXY UNKNOWN ${'x'.repeat(length - 16)}\r\n`;
    assert.equal(decode(line(107)).messages.length, 1);
    assert.match(decode(line(108)).error ?? '', /^ERR_MESSAGE_TOO_LONG 107 /);
    assert.match(decode(line(108).slice(0, 107)).error ?? '', /^ERR_MESSAGE_TOO_LONG 107 /);
    assert.match(decode('PROXY UNKNOWN xxxxx\r\n', 20).error ?? '', /^ERR_MESSAGE_TOO_LONG 20 /);
  });

  it('writes TCP4, TCP6 and UNKNOWN', () => {
    assert.equal(
      String(encode({ version: 1, ...tcp })),
      'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n',
    );
    const six = { ...tcp, source: ip('2001:DB8::1', 0), destination: ip('::1', 1) };
    assert.equal(String(encode({ version: 1, ...six })), 'PROXY TCP6 2001:db8::1 ::1 0 1\r\n');
    const unknown = { ...tcp, source: null, destination: null };
    assert.equal(String(encode({ version: 1, ...unknown })), 'PROXY UNKNOWN\r\n');
  });
});

describe('proxyProtocol, version 2', () => {
  it('reads addresses of every family', () => {
    const six = `${'20010db8'.padEnd(31, '0')}1${'0'.repeat(31)}2`;
    const unix = Buffer.alloc(216);
    unix.write('/run/a.sock');
    unix.write('\0abstract', 108);
    for (const [bytes, source, destination] of [
      [v2('2111', ADDRESSES), '192.0.2.1:56324', '198.51.100.2:443'],
      [v2('2112', ADDRESSES), '192.0.2.1:56324', '198.51.100.2:443'],
      [v2('2121', `${six}0001 0002`), '[2001:db8::1]:1', '[::2]:2'],
      [v2('2131', unix.toString('hex')), '/run/a.sock', '@abstract'],
      [v2('2100'), 'null', 'null'],
    ] as const) {
      const [header] = decode(bytes).messages as [ProxyHeader];
      assert.equal(`${header.source} ${header.destination}`, `${source} ${destination}`);
    }
  });

  it('discards what a LOCAL header says', () => {
    const [header, data] = decode(Buffer.concat([v2('20ff', 'aabbcc'), Buffer.from('x')])).messages;
    assert.deepEqual(header, {
      version: 2,
      command: 'LOCAL',
      protocol: 'unspecified',
      source: null,
      destination: null,
    });
    assert.equal(String(data), 'x');
  });

  it('reads every registered TLV and keeps the others', () => {
    const tls =
      '20 0029 03 00000000 21 0007 544c5376312e33 22 0002 c3a9 23 0003 414243 24 0006 5253412d3235 25 0003 525341';
    const tlvs = `01 0002 6832 02 0001 61 04 0003 000000 05 0002 00ff ${tls} 30 0002 6e73 e5 0001 07 02 0001 62`;
    const { messages, error } = decode(v2('2111', `${ADDRESSES} ${tlvs}`));
    assert.equal(error, null);
    const { source, destination, ...rest } = messages[0] as ProxyHeader;
    assert.deepEqual(rest, {
      version: 2,
      command: 'PROXY',
      protocol: 'stream',
      alpn: 'h2',
      authority: 'a',
      uniqueId: Buffer.of(0, 255),
      namespace: 'ns',
      tls: {
        encrypted: true,
        certificate: { connection: true, session: false },
        verifyResult: 0,
        version: 'TLSv1.3',
        commonName: 'é',
        cipher: 'ABC',
        signatureAlgorithm: 'RSA-25',
        keyAlgorithm: 'RSA',
      },
      // A second authority has no field left.
      tlvs: [
        { type: 0xe5, value: Buffer.of(7) },
        { type: 0x02, value: Buffer.from('b') },
      ],
    });
  });

  it('verifies the checksum wherever it is in the header', () => {
    const bytes = v2('2111', `${ADDRESSES} 03 0004 00000000 e0 0001 01`);
    const good = Buffer.from(bytes);
    good.writeUInt32BE(crc32c(bytes), 31);
    const [header] = decode(good).messages as [ProxyHeader];
    assert.equal(header.checksum, true);
    for (const at of [17, 31, 34, good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1;
      assert.match(
        decode(bad).error ?? '',
        /^ERR_REMOTE_PROTOCOL 31 proxyProtocol: the checksum is 0x/,
      );
    }
  });

  for (const [title, bytes, offset] of [
    ['a wrong signature', Buffer.from('0d0a0d0b', 'hex'), 3],
    ['version 1 in binary', v2('1111', ADDRESSES), 12],
    ['an unknown command', v2('2211', ADDRESSES), 12],
    ['an unknown family', v2('2141', ADDRESSES), 13],
    ['an unknown protocol', v2('2113', ADDRESSES), 13],
    ['too few bytes for its addresses', v2('2121', ADDRESSES), 14],
    ['a TLV without a length', v2('2111', `${ADDRESSES} e0 00`), 28],
    ['a TLV that reaches too far', v2('2111', `${ADDRESSES} e0 0000 e0 0002 00`), 31],
    ['a checksum of 3 bytes', v2('2111', `${ADDRESSES} 03 0003 000000`), 31],
    ['a unique id of 129 bytes', v2('2111', `${ADDRESSES} 05 0081 ${'00'.repeat(129)}`), 31],
    ['a TLS part of 4 bytes', v2('2111', `${ADDRESSES} 20 0004 00000000`), 31],
    [
      'a TLS part whose TLV reaches too far',
      v2('2111', `${ADDRESSES} 20 0008 0100000000 21 0001`),
      36,
    ],
    ['an authority that is not UTF-8', v2('2111', `${ADDRESSES} 02 0002 61ff`), 32],
  ] as const) {
    it(`refuses ${title} at byte ${offset}`, () => {
      const { error } = decode(bytes);
      assert.ok(error?.startsWith(`ERR_REMOTE_PROTOCOL ${offset} `), String(error));
    });
  }

  it('passes a header of the limit and refuses one byte more at its length', () => {
    const bytes = v2('2111', ADDRESSES);
    assert.equal(decode(bytes, bytes.length).messages.length, 1);
    assert.match(
      decode(bytes.subarray(0, 16), bytes.length - 1).error ?? '',
      /^ERR_MESSAGE_TOO_LONG 14 /,
    );
  });

  it('does not accept an end of input before or inside a header', () => {
    assert.match(decode('').error ?? '', /^ERR_MESSAGE_TRUNCATED 0 /);
    assert.match(
      decode(v2('2111', ADDRESSES).subarray(0, 20)).error ?? '',
      /^ERR_MESSAGE_TRUNCATED 20 /,
    );
    assert.match(decode('PROXY TCP4').error ?? '', /^ERR_MESSAGE_TRUNCATED 10 /);
  });
});

describe('proxyProtocol, encoding', () => {
  it('writes the checksum last and right', () => {
    const bytes = encode({ version: 2, ...tcp, checksum: true, authority: 'a' });
    assert.equal(
      bytes.toString('hex', 0, 28 + 4),
      `${v2('2111', ADDRESSES).toString('hex', 0, 14)}0017${ADDRESSES.replaceAll(' ', '')}02000161`,
    );
    assert.equal((decode(bytes).messages[0] as ProxyHeader).checksum, true);
  });

  it('computes CRC32c as RFC 3720 (B.4) has it', () => {
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });

  it('sends one header, first, and then bytes as they are', () => {
    const codec = make();
    codec.encode({ version: 2, ...tcp });
    const data = Buffer.from('data');
    assert.equal(codec.encode(data)[0], data);
    assert.throws(() => codec.encode({ version: 2, ...tcp }), LocalProtocolError);
  });

  it('does not encode a header that its version cannot carry', () => {
    const unfit: ProxyHeader[] = [
      { version: 1, ...tcp, authority: 'a' },
      { version: 1, ...tcp, checksum: true },
      { version: 1, ...tcp, tlvs: [{ type: 0xe0, value: Buffer.alloc(0) }] },
      { version: 1, ...tcp, protocol: 'datagram' },
      { version: 1, ...tcp, command: 'LOCAL' },
      { version: 2, ...tcp, source: null },
      { version: 2, ...tcp, source: ip('::1', 1) },
      { version: 2, ...tcp, source: ip('example.com', 1) },
      { version: 2, ...tcp, source: ip('1.1.1.1', 65_536) },
      { version: 2, ...tcp, tls: { ...tls, verifyResult: -1 } },
      { version: 2, ...tcp, command: 'LOCAL' },
      { version: 2, ...tcp, command: 'local' as 'LOCAL' },
      { version: 2, ...tcp, uniqueId: Buffer.alloc(129) },
      { version: 2, ...tcp, tlvs: [{ type: 3, value: Buffer.alloc(4) }] },
      { version: 2, ...tcp, tlvs: [{ type: 256, value: Buffer.alloc(4) }] },
      { version: 2, ...tcp, tlvs: [{ type: 0xe0, value: Buffer.alloc(4096) }] },
      { version: 2, ...tcp, authority: '\ud800' },
      { version: 2, ...tcp, alpn: '\u0100' },
      {
        version: 2,
        command: 'PROXY',
        protocol: 'stream',
        source: { family: 'unix', path: 'x'.repeat(109) },
        destination: { family: 'unix', path: '' },
      },
    ];
    for (const header of unfit) assert.throws(() => encode(header), LocalProtocolError);
    assert.throws(() => proxyProtocol({ limit: 15 }), RangeError);
  });
});
