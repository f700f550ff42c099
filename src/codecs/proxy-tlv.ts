import { decodeUtf8, isWellFormed, ownBytes } from './bytes.js';
import { LocalProtocolError } from './errors.js';
import { HeaderFault, type ProxyHeader, type ProxyTls, type ProxyTlv } from './proxy-header.js';

/** The registered types (section 2.2 of the specification). */
const Type = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  tls: 0x20,
  tlsVersion: 0x21,
  tlsCommonName: 0x22,
  tlsCipher: 0x23,
  tlsSignature: 0x24,
  tlsKey: 0x25,
  namespace: 0x30,
} as const;

/** Bits of the `client` byte of PP2_TYPE_SSL. */
const CLIENT_TLS = 0x01;
const CLIENT_CERTIFICATE_CONNECTION = 0x02;
const CLIENT_CERTIFICATE_SESSION = 0x04;

const HEAD_BYTES = 3;
const TLS_HEAD_BYTES = 5;
const LONGEST_UNIQUE_ID_BYTES = 128;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What TLVs add to a header. */
export type ProxyDetails = Pick<
  ProxyHeader,
  'alpn' | 'authority' | 'uniqueId' | 'namespace' | 'tls' | 'tlvs'
>;

/** The details, and where the checksum is in `bytes` (-1: there is none). */
export interface ParsedTlvs {
  readonly details: ProxyDetails;
  readonly checksumAt: number;
}

/** Reads all TLVs of a header from index `from` of its bytes on. Throws a `HeaderFault`. */
export function parseTlvs(bytes: Buffer, from: number): ParsedTlvs {
  const details: Writable<ProxyDetails> = {};
  const others: ProxyTlv[] = [];
  let checksumAt = -1;
  for (const { type, at, end } of walk(bytes, from, bytes.length)) {
    if (type === Type.crc32c) {
      if (end - at !== 4 || checksumAt !== -1) {
        throw new HeaderFault(at, 'there must be one checksum, of 4 bytes');
      }
      checksumAt = at;
    } else if (type !== Type.noop && !readDetail(details, type, bytes, at, end)) {
      others.push({ type, value: ownBytes(bytes, at, end) });
    }
  }
  if (others.length > 0) details.tlvs = others;
  return { details, checksumAt };
}

/** Reads a TLV that has a field of its own; false where it has none, or the field is taken. */
function readDetail(
  details: Writable<ProxyDetails>,
  type: number,
  bytes: Buffer,
  at: number,
  end: number,
): boolean {
  if (type === Type.alpn && details.alpn === undefined) {
    details.alpn = bytes.toString('latin1', at, end);
  } else if (type === Type.authority && details.authority === undefined) {
    details.authority = readText(bytes, at, end);
  } else if (type === Type.namespace && details.namespace === undefined) {
    details.namespace = readText(bytes, at, end);
  } else if (type === Type.tls && details.tls === undefined) {
    details.tls = readTls(bytes, at, end);
  } else if (type === Type.uniqueId && details.uniqueId === undefined) {
    if (end - at > LONGEST_UNIQUE_ID_BYTES) {
      throw new HeaderFault(at, `a unique id has at most ${LONGEST_UNIQUE_ID_BYTES} bytes`);
    }
    details.uniqueId = ownBytes(bytes, at, end);
  } else {
    return false;
  }
  return true;
}

function readTls(bytes: Buffer, from: number, to: number): ProxyTls {
  if (to - from < TLS_HEAD_BYTES) {
    throw new HeaderFault(from, `the TLS part has at least ${TLS_HEAD_BYTES} bytes`);
  }
  const client = bytes[from]!;
  const tls: Writable<ProxyTls> = {
    encrypted: (client & CLIENT_TLS) !== 0,
    certificate: {
      connection: (client & CLIENT_CERTIFICATE_CONNECTION) !== 0,
      session: (client & CLIENT_CERTIFICATE_SESSION) !== 0,
    },
    verifyResult: bytes.readUInt32BE(from + 1),
  };
  for (const { type, at, end } of walk(bytes, from + TLS_HEAD_BYTES, to)) {
    const text = readText(bytes, at, end);
    if (type === Type.tlsVersion) tls.version = text;
    else if (type === Type.tlsCommonName) tls.commonName = text;
    else if (type === Type.tlsCipher) tls.cipher = text;
    else if (type === Type.tlsSignature) tls.signatureAlgorithm = text;
    else if (type === Type.tlsKey) tls.keyAlgorithm = text;
  }
  return tls;
}

/** Each TLV from `from` to `to`: its type, where its value begins and ends. */
function* walk(bytes: Buffer, from: number, to: number) {
  let position = from;
  while (position < to) {
    const at = position + HEAD_BYTES;
    const end = at <= to ? at + bytes.readUInt16BE(position + 1) : Number.POSITIVE_INFINITY;
    if (end > to) throw new HeaderFault(position, 'a TLV reaches beyond the end of what holds it');
    yield { type: bytes[position]!, at, end };
    position = end;
  }
}

function readText(bytes: Buffer, from: number, to: number): string {
  const text = decodeUtf8(bytes, from, to);
  if (typeof text === 'number') throw new HeaderFault(text, 'the value of a TLV is not UTF-8');
  return text;
}

/** The TLVs of a header, without the checksum. */
export function formatTlvs(codec: string, header: ProxyHeader): Buffer {
  const { alpn, authority, uniqueId, namespace, tls, tlvs = [] } = header;
  const parts: Buffer[] = [];
  const add = (type: number, value: Uint8Array) => parts.push(formatTlv(codec, type, value));
  if (alpn !== undefined) {
    if (/[^\0-\xff]/.test(alpn))
      throw new LocalProtocolError(codec, 'alpn has characters above U+00FF');
    add(Type.alpn, Buffer.from(alpn, 'latin1'));
  }
  if (authority !== undefined) add(Type.authority, utf8(codec, authority));
  if (uniqueId !== undefined) {
    if (uniqueId.length > LONGEST_UNIQUE_ID_BYTES) {
      throw new LocalProtocolError(
        codec,
        `a unique id has at most ${LONGEST_UNIQUE_ID_BYTES} bytes; got ${uniqueId.length}`,
      );
    }
    add(Type.uniqueId, uniqueId);
  }
  if (tls !== undefined) add(Type.tls, formatTls(codec, tls));
  if (namespace !== undefined) add(Type.namespace, utf8(codec, namespace));
  for (const { type, value } of tlvs) {
    if (type === Type.crc32c) {
      throw new LocalProtocolError(codec, 'the checksum is not a TLV of yours; set checksum: true');
    }
    add(type, value);
  }
  return Buffer.concat(parts);
}

/** A checksum TLV that holds 0 for now. */
export function emptyChecksum(): Buffer {
  return Buffer.from([Type.crc32c, 0, 4, 0, 0, 0, 0]);
}

function formatTls(codec: string, tls: ProxyTls): Buffer {
  const head = Buffer.alloc(TLS_HEAD_BYTES);
  head[0] =
    (tls.encrypted ? CLIENT_TLS : 0) |
    (tls.certificate.connection ? CLIENT_CERTIFICATE_CONNECTION : 0) |
    (tls.certificate.session ? CLIENT_CERTIFICATE_SESSION : 0);
  if (tls.verifyResult >>> 0 !== tls.verifyResult) {
    throw new LocalProtocolError(
      codec,
      `tls.verifyResult must be an unsigned 32-bit integer; got ${tls.verifyResult}`,
    );
  }
  head.writeUInt32BE(tls.verifyResult, 1);
  const texts: [number, string | undefined][] = [
    [Type.tlsVersion, tls.version],
    [Type.tlsCommonName, tls.commonName],
    [Type.tlsCipher, tls.cipher],
    [Type.tlsSignature, tls.signatureAlgorithm],
    [Type.tlsKey, tls.keyAlgorithm],
  ];
  const parts: Buffer[] = [head];
  for (const [type, text] of texts) {
    if (text !== undefined) parts.push(formatTlv(codec, type, utf8(codec, text)));
  }
  return Buffer.concat(parts);
}

function formatTlv(codec: string, type: number, value: Uint8Array): Buffer {
  if (!Number.isInteger(type) || type < 0 || type > 0xff || value.length > 0xffff) {
    throw new LocalProtocolError(
      codec,
      `a TLV has a type from 0 to 255 and at most 65535 bytes; got type ${type} with ${value.length} bytes`,
    );
  }
  const head = Buffer.of(type, value.length >>> 8, value.length & 0xff);
  return Buffer.concat([head, value]);
}

function utf8(codec: string, text: string): Buffer {
  if (!isWellFormed(text)) throw new LocalProtocolError(codec, 'a text has a lone surrogate');
  return Buffer.from(text);
}
