import type { TimeLimits } from './clock.js';
import type { TransportSettings } from './engine/engine.js';
import { codedError } from './errors.js';
import { resolveLimits } from './flow-control.js';
import type { ServerOptions } from './server.js';

/** Node's and, by chance, many servers' backlog. */
const DEFAULT_BACKLOG = 511;
/** What `lingerTimeoutMs` is without a word, ms. */
export const DEFAULT_LINGER_MS = 1000;
export const INT32_MAX = 2 ** 31 - 1;

/** Server options with the defaults filled in and every value checked. */
export interface CheckedServerOptions extends Omit<ServerOptions, 'minReadRate'> {
  readonly hosts: readonly string[] | null;
  readonly port: number;
  readonly backlog: number;
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly maxConnections: number;
  readonly maxConnectionsPerHost: number;
  readonly timeLimits: TimeLimits;
  readonly settings: TransportSettings;
}

/**
 * Checks everything that can be wrong before a socket exists.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`
 * @throws RangeError `ERR_OUT_OF_RANGE`
 */
export function checkServerOptions(options: ServerOptions): CheckedServerOptions {
  checkTarget(options);
  const { host, reusePort = false } = options;
  const hosts = host === undefined || host === '' ? null : [host].flat();
  for (const name of hosts ?? []) checkType('host', name, 'string', 'a host name or address');
  for (const flag of [
    'reuseAddress',
    'reusePort',
    'ipv6Only',
    'quickAck',
    'startServing',
  ] as const) {
    checkFlag(flag, options[flag]);
  }
  if (options.onError !== undefined)
    checkType('onError', options.onError, 'function', 'a function');
  return {
    ...options,
    hosts,
    port: checkInteger('port', options.port ?? 0, 0, 65535),
    backlog: checkInteger('backlog', options.backlog ?? DEFAULT_BACKLOG, 0, INT32_MAX),
    reuseAddress: options.reuseAddress ?? process.platform !== 'win32',
    reusePort,
    maxConnections: checkLimit('maxConnections', options.maxConnections),
    maxConnectionsPerHost: checkLimit('maxConnectionsPerHost', options.maxConnectionsPerHost),
    timeLimits: checkTimeLimits(options),
    settings: {
      writeBufferLimits: resolveLimits(options.writeBufferLimits),
      lingerTimeoutMs: checkInteger(
        'lingerTimeoutMs',
        options.lingerTimeoutMs ?? DEFAULT_LINGER_MS,
        0,
        INT32_MAX,
      ),
      quickAck: options.quickAck ?? false,
    },
  };
}

/** A number of connections, unlimited when left out. */
function checkLimit(name: string, value: number | undefined): number {
  if (value === undefined || value === Infinity) return Infinity;
  return checkInteger(name, value, 1, INT32_MAX);
}

function checkTimeLimits(options: ServerOptions): TimeLimits {
  const { idleTimeoutMs, firstDataTimeoutMs, maxLifetimeMs, minReadRate } = options;
  for (const [name, value] of Object.entries({
    idleTimeoutMs,
    firstDataTimeoutMs,
    maxLifetimeMs,
  })) {
    if (value !== undefined) checkInteger(name, value, 1, INT32_MAX);
  }
  if (minReadRate === undefined) return { idleTimeoutMs, firstDataTimeoutMs, maxLifetimeMs };
  const rate = typeof minReadRate === 'number' ? { bytesPerSecond: minReadRate } : minReadRate;
  checkInteger('minReadRate', rate.bytesPerSecond, 1, INT32_MAX);
  if (rate.windowMs !== undefined)
    checkInteger('minReadRate.windowMs', rate.windowMs, 1, INT32_MAX);
  return { idleTimeoutMs, firstDataTimeoutMs, maxLifetimeMs, minReadRate: rate };
}

/** host and port, path, or fd: one of the three. */
function checkTarget(options: ServerOptions): void {
  const { host, port, path, fd } = options;
  if (path !== undefined) checkUnixPath(path);
  if (options.pathMode !== undefined) checkInteger('pathMode', options.pathMode, 0, 0o777);
  if (fd !== undefined) checkInteger('fd', fd, 0, INT32_MAX);
  const given = [host !== undefined || port !== undefined, path !== undefined, fd !== undefined];
  if (given.filter(Boolean).length > 1) {
    throw codedError(
      new TypeError(
        'give one of host and port, path, or fd: they name different sockets to listen on',
      ),
      'ERR_INVALID_ARG_VALUE',
    );
  }
}

/** @throws RangeError `ERR_OUT_OF_RANGE`, TypeError `ERR_INVALID_ARG_TYPE` */
export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number')
    checkType(name, value, 'number', `a whole number from ${min} to ${max}`);
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw codedError(
      new RangeError(`${name} must be a whole number from ${min} to ${max}; got ${value}`),
      'ERR_OUT_OF_RANGE',
    );
  }
  return value as number;
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkType(name: string, value: unknown, type: string, right: string): void {
  if (typeof value === type) return;
  throw codedError(
    new TypeError(`${name} must be ${right}; got ${value === null ? 'null' : typeof value}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

/** An option that may be left out. @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkFlag(name: string, value: unknown): void {
  if (value !== undefined) checkType(name, value, 'boolean', 'true or false');
}

/** @throws TypeError unless it is a string that can name a socket */
export function checkUnixPath(path: unknown): void {
  checkType('path', path, 'string', 'the path of a unix socket');
  if (path === '' || path === '\0') {
    throw codedError(
      new TypeError(
        `path must be the path of a unix socket, not empty; got ${JSON.stringify(path)}`,
      ),
      'ERR_INVALID_ARG_VALUE',
    );
  }
}
