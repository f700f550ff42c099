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

/** Whether node:net leaves an abstract name as it is. */
export function hasAbstractNames(version: string = process.versions.node): boolean {
  return Number.parseInt(version, 10) >= 22;
}

/**
 * libuv may cut a path that is too long. Before Node 22, an abstract name is filled
 * up with NULs to the end of sun_path, which makes it another name (unix(7)).
 *
 * @throws RangeError `ENAMETOOLONG`, Error `ENOTSUP`
 */
export function checkPath(path: string): void {
  if (path.startsWith('\0') && !hasAbstractNames()) {
    throw codedError(
      new Error(
        `the node engine cannot use the abstract name ${unixAddress(path)}: node:net of Node ${process.versions.node} ` +
          'fills it up with NULs (22 does not); use the native engine',
      ),
      'ENOTSUP',
    );
  }
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
