import { ipAddress } from '../address.js';
import { LocalProtocolError } from './errors.js';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './ip-bytes.js';
import { endpointsOf } from './proxy-endpoints.js';
import { HeaderFault, type ProxyHeader } from './proxy-header.js';

/** The longest line of version 1, CRLF included. */
export const longestV1Bytes = 107;

const PORT = /^(0|[1-9][0-9]{0,4})$/;
/** What only version 2 can carry. */
const V2_FIELDS = ['alpn', 'authority', 'uniqueId', 'namespace', 'tls'] as const;

/** Reads a whole line of version 1, CRLF included. Throws a `HeaderFault`. */
export function parseV1(line: string): ProxyHeader {
  const crAt = line.length - 2;
  const cr = line.indexOf('\r');
  if (cr !== crAt) {
    throw new HeaderFault(
      cr === -1 ? crAt + 1 : cr,
      'a version 1 header ends with CRLF and has no other CR or LF',
    );
  }
  const fields = line.slice(0, crAt).split(' ');
  if (fields[1] === 'UNKNOWN') {
    return {
      version: 1,
      command: 'PROXY',
      protocol: 'unspecified',
      source: null,
      destination: null,
    };
  }
  const family = fields[1];
  if (family !== 'TCP4' && family !== 'TCP6') {
    throw new HeaderFault(6, 'the protocol must be TCP4, TCP6 or UNKNOWN');
  }
  const parse = family === 'TCP4' ? parseIpv4 : parseIpv6;
  const format = family === 'TCP4' ? formatIpv4 : formatIpv6;
  checkFields(fields, parse);
  // Through bytes, so that one address has one spelling.
  const end = (at: number) => ipAddress(format(parse(fields[at]!)!), Number(fields[at + 2]));
  return {
    version: 1,
    command: 'PROXY',
    protocol: 'stream',
    source: end(2),
    destination: end(3),
  };
}

/** Checks what follows `PROXY TCPx `: two addresses and two ports. */
function checkFields(fields: readonly string[], parse: (text: string) => Uint8Array | null): void {
  let at = 'PROXY TCP4 '.length;
  for (const index of [2, 3, 4, 5]) {
    const field = fields[index] ?? '';
    if (index < 4 && parse(field) === null) {
      throw new HeaderFault(at, `not an address of the family ${fields[1]}`);
    }
    if (index >= 4 && !(PORT.test(field) && Number(field) <= 65_535)) {
      throw new HeaderFault(at, 'a port must be 0 to 65535, without leading zeros');
    }
    at += field.length + 1;
  }
  if (fields.length > 6) throw new HeaderFault(at - 1, 'the line goes on after the ports');
}

/** Writes a header of version 1, which has room for TCP addresses and nothing else. */
export function formatV1(codec: string, header: ProxyHeader): Buffer {
  const extra =
    V2_FIELDS.find((name) => header[name] !== undefined) ??
    (header.checksum ? 'a checksum' : (header.tlvs ?? []).length > 0 ? 'TLVs' : undefined);
  if (extra !== undefined) {
    throw new LocalProtocolError(codec, `version 1 has no room for ${extra}; use version 2`);
  }
  const ends = endpointsOf(codec, header);
  if (ends === null) return Buffer.from('PROXY UNKNOWN\r\n');
  if (ends.family === 'unix' || header.command === 'LOCAL' || header.protocol !== 'stream') {
    throw new LocalProtocolError(
      codec,
      'version 1 passes on TCP connections only; leave source and destination null, or use version 2',
    );
  }
  const { source, destination, family } = ends;
  const format = family === 'IPv4' ? formatIpv4 : formatIpv6;
  const hosts = `${format(source.host)} ${format(destination.host)}`;
  const name = family === 'IPv4' ? 'TCP4' : 'TCP6';
  return Buffer.from(`PROXY ${name} ${hosts} ${source.port} ${destination.port}\r\n`);
}
