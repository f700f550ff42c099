import { isIP } from 'node:net';
import type { ConnectOptions } from './connect.js';
import type { TransportSettings } from './engine/engine.js';
import { codedError } from './errors.js';
import { resolveLimits } from './flow-control.js';
import {
  checkFlag,
  checkInteger,
  checkType,
  checkUnixPath,
  DEFAULT_LINGER_MS,
  INT32_MAX,
} from './server-options.js';

/**
 * Checks everything that can be wrong before a socket exists.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`
 * @throws RangeError `ERR_OUT_OF_RANGE`
 */
export function checkConnectOptions(options: ConnectOptions): TransportSettings {
  const { host, port, path, fd, localAddress, localPort } = options;
  const ways = [port !== undefined || host !== undefined, path !== undefined, fd !== undefined];
  if (ways.filter(Boolean).length !== 1) {
    throw codedError(
      new TypeError('connect() needs one of host and port, path, or fd'),
      'ERR_INVALID_ARG_VALUE',
    );
  }
  if (ways[0]) checkInteger('port', port, 1, 65535);
  if (host !== undefined) checkType('host', host, 'string', 'a host name or address');
  if (path !== undefined) checkUnixPath(path);
  if (fd !== undefined) checkInteger('fd', fd, 0, INT32_MAX);
  if (localAddress !== undefined && isIP(localAddress) === 0) {
    throw codedError(
      new TypeError(
        `localAddress must be an IP address of this machine; got ${JSON.stringify(localAddress)}`,
      ),
      'ERR_INVALID_ARG_VALUE',
    );
  }
  if (localPort !== undefined) checkInteger('localPort', localPort, 0, 65535);
  for (const name of ['connectTimeoutMs', 'attemptDelayMs'] as const) {
    if (options[name] !== undefined) checkInteger(name, options[name], 1, INT32_MAX);
  }
  checkFlag('quickAck', options.quickAck);
  return {
    writeBufferLimits: resolveLimits(options.writeBufferLimits),
    lingerTimeoutMs: checkInteger(
      'lingerTimeoutMs',
      options.lingerTimeoutMs ?? DEFAULT_LINGER_MS,
      0,
      INT32_MAX,
    ),
    quickAck: options.quickAck ?? false,
  };
}
