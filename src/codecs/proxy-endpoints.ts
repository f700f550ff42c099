import type { Address, IpAddress } from '../address.js';
import { LocalProtocolError } from './errors.js';
import { parseIpv4, parseIpv6 } from './ip-bytes.js';
import type { ProxyHeader } from './proxy-header.js';

/** One end of the proxied connection, as bytes. */
export interface Endpoint {
  /** 4 or 16 bytes of address, or a unix path of at most 108. */
  readonly host: Uint8Array;
  /** 0 for a unix path. */
  readonly port: number;
}

/** Both ends, of one family. */
export interface Endpoints {
  readonly family: Address['family'];
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** Room for a unix path (struct sockaddr_un, unix(7)). */
export const unixPathBytes = 108;

/**
 * The ends of a header to be encoded; null when both are null.
 *
 * @throws LocalProtocolError when only one is there, the families differ, or one is no address
 */
export function endpointsOf(codec: string, header: ProxyHeader): Endpoints | null {
  const { source, destination } = header;
  if (source === null && destination === null) return null;
  if (source === null || destination === null || source.family !== destination.family) {
    throw new LocalProtocolError(
      codec,
      `source and destination must be of one family, or both null; got ${source} and ${destination}`,
    );
  }
  return {
    family: source.family,
    source: endpointOf(codec, source),
    destination: endpointOf(codec, destination),
  };
}

function endpointOf(codec: string, address: Address): Endpoint {
  if (address.family !== 'unix') return ipEndpoint(codec, address);
  const host = Buffer.from(address.path);
  if (host.length > unixPathBytes || address.path.indexOf('\0', 1) !== -1) {
    throw new LocalProtocolError(
      codec,
      `a unix path has at most ${unixPathBytes} bytes and a NUL only at its front; got ${host.length} bytes`,
    );
  }
  return { host, port: 0 };
}

function ipEndpoint(codec: string, { family, host, port }: IpAddress): Endpoint {
  const bytes = family === 'IPv4' ? parseIpv4(host) : parseIpv6(host);
  if (bytes === null) {
    throw new LocalProtocolError(codec, `${JSON.stringify(host)} is not an ${family} address`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new LocalProtocolError(codec, `a port must be an integer from 0 to 65535; got ${port}`);
  }
  return { host: bytes, port };
}
