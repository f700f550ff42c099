import { type Address, ipAddress, unixAddress } from '../address.js';
import { decodeUtf8 } from './bytes.js';
import { crc32c } from './crc32c.js';
import { LocalProtocolError } from './errors.js';
import { formatIpv4, formatIpv6 } from './ip-bytes.js';
import { type Endpoints, endpointsOf, unixPathBytes } from './proxy-endpoints.js';
import { HeaderFault, type ProxyHeader } from './proxy-header.js';
import { emptyChecksum, formatTlvs, parseTlvs } from './proxy-tlv.js';

/** What every version 2 header begins with; no text protocol does. */
export const v2Signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** The signature, version and command, family and protocol, and the length of the rest. */
export const v2HeadBytes = 16;

const VERSION = 2;
const COMMANDS = ['LOCAL', 'PROXY'] as const;
const PROTOCOLS = ['unspecified', 'stream', 'datagram'] as const;
const FAMILIES = ['none', 'IPv4', 'IPv6', 'unix'] as const;
/** Bytes of both addresses and ports, by family. */
const ADDRESS_BYTES = { none: 0, IPv4: 12, IPv6: 36, unix: 2 * unixPathBytes } as const;

/** The first 16 bytes, checked. */
interface Head {
  readonly command: (typeof COMMANDS)[number];
  readonly family: (typeof FAMILIES)[number];
  readonly protocol: (typeof PROTOCOLS)[number];
  /** Of the whole header. */
  readonly length: number;
}

/** Reads the first 16 bytes, whose signature is known to be right. Throws a `HeaderFault`. */
export function parseV2Head(bytes: Buffer): Head {
  const versionAndCommand = bytes[12]!;
  const command = COMMANDS[versionAndCommand & 0x0f];
  if (versionAndCommand >>> 4 !== VERSION || command === undefined) {
    throw new HeaderFault(12, 'the version must be 2 and the command 0 (LOCAL) or 1 (PROXY)');
  }
  const length = v2HeadBytes + bytes.readUInt16BE(14);
  // The family of a LOCAL header means nothing, whatever it is.
  if (command === 'LOCAL') return { command, family: 'none', protocol: 'unspecified', length };
  const family = FAMILIES[bytes[13]! >>> 4];
  const protocol = PROTOCOLS[bytes[13]! & 0x0f];
  if (family === undefined || protocol === undefined) {
    throw new HeaderFault(13, `unknown family or protocol 0x${bytes[13]!.toString(16)}`);
  }
  if (length < v2HeadBytes + ADDRESS_BYTES[family]) {
    throw new HeaderFault(14, `the length has no room for two ${family} addresses`);
  }
  return { command, family, protocol, length };
}

/** Reads a whole header. Throws a `HeaderFault`. */
export function parseV2(bytes: Buffer): ProxyHeader {
  const { command, family, protocol } = parseV2Head(bytes);
  const addresses = readAddresses(bytes, family);
  const header = { version: VERSION, command, protocol, ...addresses } as const;
  if (command === 'LOCAL') return header;
  const { details, checksumAt } = parseTlvs(bytes, v2HeadBytes + ADDRESS_BYTES[family]);
  if (checksumAt === -1) return { ...header, ...details };
  const expected = bytes.readUInt32BE(checksumAt);
  const actual = crc32c(withoutChecksum(bytes, checksumAt));
  if (actual !== expected) {
    throw new HeaderFault(
      checksumAt,
      `the checksum is 0x${expected.toString(16)}, and 0x${actual.toString(16)} would be right`,
    );
  }
  return { ...header, ...details, checksum: true };
}

function withoutChecksum(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes).fill(0, at, at + 4);
}

function readAddresses(
  bytes: Buffer,
  family: Head['family'],
): Pick<ProxyHeader, 'source' | 'destination'> {
  if (family === 'none') return { source: null, destination: null };
  if (family === 'unix') {
    return {
      source: readPath(bytes, v2HeadBytes),
      destination: readPath(bytes, v2HeadBytes + unixPathBytes),
    };
  }
  const size = family === 'IPv4' ? 4 : 16;
  const format = family === 'IPv4' ? formatIpv4 : formatIpv6;
  const ports = v2HeadBytes + 2 * size;
  const end = (index: number) => {
    const at = v2HeadBytes + index * size;
    return ipAddress(format(bytes.subarray(at, at + size)), bytes.readUInt16BE(ports + 2 * index));
  };
  return { source: end(0), destination: end(1) };
}

/** A path ends at its first NUL; an abstract name begins with one and ends where only NULs follow. */
function readPath(bytes: Buffer, from: number): Address {
  const field = bytes.subarray(from, from + unixPathBytes);
  let length = unixPathBytes;
  while (length > 0 && field[length - 1] === 0) length--;
  const nul = field.indexOf(0, 1);
  if (nul !== -1 && nul < length && field[0] !== 0) length = nul;
  const path = decodeUtf8(field, 0, length);
  if (typeof path === 'number') throw new HeaderFault(from + path, 'a unix path is not UTF-8');
  return unixAddress(path);
}

/** Writes a header of version 2. */
export function formatV2(codec: string, header: ProxyHeader): Buffer {
  const command = COMMANDS.indexOf(header.command);
  const protocol = PROTOCOLS.indexOf(header.protocol);
  if (command === -1 || protocol === -1) {
    throw new LocalProtocolError(
      codec,
      `unknown command ${header.command} or protocol ${header.protocol}`,
    );
  }
  const ends = endpointsOf(codec, header);
  const tlvs = formatTlvs(codec, header);
  if (header.command === 'LOCAL' && (ends !== null || tlvs.length > 0)) {
    throw new LocalProtocolError(
      codec,
      'a LOCAL header says nothing more; a receiver would discard it',
    );
  }
  const family = ends === null ? 'none' : ends.family;
  const checksum = header.checksum ? emptyChecksum() : Buffer.alloc(0);
  const head = Buffer.concat([
    v2Signature,
    Buffer.of((VERSION << 4) | command, (FAMILIES.indexOf(family) << 4) | protocol, 0, 0),
  ]);
  const bytes = Buffer.concat([
    head,
    ends === null ? Buffer.alloc(0) : writeAddresses(ends),
    tlvs,
    checksum,
  ]);
  const rest = bytes.length - v2HeadBytes;
  if (rest > 0xffff) {
    throw new LocalProtocolError(
      codec,
      `a header has at most 65535 bytes after its head; got ${rest}`,
    );
  }
  bytes.writeUInt16BE(rest, 14);
  if (header.checksum) bytes.writeUInt32BE(crc32c(bytes), bytes.length - 4);
  return bytes;
}

function writeAddresses({ family, source, destination }: Endpoints): Buffer {
  const block = Buffer.alloc(ADDRESS_BYTES[family]);
  const size = family === 'unix' ? unixPathBytes : source.host.length;
  block.set(source.host, 0);
  block.set(destination.host, size);
  if (family !== 'unix') {
    block.writeUInt16BE(source.port, 2 * size);
    block.writeUInt16BE(destination.port, 2 * size + 2);
  }
  return block;
}
