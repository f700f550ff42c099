import type { Server, Socket } from 'node:net';
import { type Address, ipAddress, unixAddress } from '../../address.js';
import { codedError } from '../../errors.js';

/**
 * Where a listener listens. The path of a unix socket that was adopted is not known
 * to node:net, and is empty here.
 */
export function listeningAddress(server: Server): Address {
  const address = server.address();
  if (address === null || typeof address === 'string') return unixAddress(address ?? '');
  return ipAddress(address.address, address.port);
}

/** The other end of a TCP connection. A peer that has reset it already cannot be told: all zeros. */
export function remoteAddressOf(socket: Socket, listening: Address): Address {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress !== undefined && remotePort !== undefined) {
    return ipAddress(remoteAddress, remotePort);
  }
  return ipAddress(listening.family === 'IPv6' ? '::' : '0.0.0.0', 0);
}

/** Our end of a TCP connection. */
export function localAddressOf(socket: Socket): Address {
  return ipAddress(socket.localAddress ?? '', socket.localPort ?? 0);
}

/** Room in sun_path, without the closing NUL: unix(7), unix(4) of the BSDs. */
const PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** @throws RangeError `ENAMETOOLONG`: libuv may cut a path that is too long. */
export function checkPath(path: string): void {
  const length = Buffer.byteLength(path);
  const room = PATH_BYTES + (path.startsWith('\0') ? 1 : 0);
  if (length <= room || process.platform === 'win32') return;
  throw codedError(
    new RangeError(
      `unix socket path ${JSON.stringify(path)} is ${length} bytes long; the kernel takes at most ${room} (unix(7))`,
    ),
    'ENAMETOOLONG',
  );
}
