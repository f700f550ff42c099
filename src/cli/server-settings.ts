import type { ServerSettings } from '../doctor/settings.js';
import { closest, UsageError } from './arguments.js';
import type { EchoSettings } from './flags.js';

/** What the doctor is told beside the server's own settings. */
export interface Surroundings {
  readonly workers: number;
  readonly link: ServerSettings['link'];
}

/** The settings of `hawser echo` in the kernel's terms. */
export function settingsOfEcho(echo: EchoSettings, around: Surroundings): ServerSettings {
  const options = new Map<string, unknown>([
    ['TCP_NODELAY', echo.nodelay],
    ['SO_KEEPALIVE', echo.keepalive !== null],
  ]);
  if (echo.keepalive !== null) {
    options.set('TCP_KEEPIDLE', echo.keepalive.idle);
    options.set('TCP_KEEPCNT', echo.keepalive.count);
    options.set('TCP_KEEPINTVL', echo.keepalive.interval);
  }
  if (echo.recvBuffer !== null) options.set('SO_RCVBUF', echo.recvBuffer);
  if (echo.sendBuffer !== null) options.set('SO_SNDBUF', echo.sendBuffer);
  for (const { name, value } of echo.options) options.set(name, value);
  return {
    form: 'flags',
    hosts: [echo.host],
    port: echo.port,
    path: echo.path,
    backlog: echo.backlog,
    reuseAddress: flag(options, 'SO_REUSEADDR', echo.reuseAddress),
    reusePort: flag(options, 'SO_REUSEPORT', echo.reusePort),
    ipv6Only: flag(options, 'IPV6_V6ONLY', false),
    maxConnections: echo.maxConnections,
    quickAck: echo.quickack,
    options,
    engine: echo.engine,
    closesEarly: echo.mode === 'once',
    ...around,
  };
}

function flag(options: ReadonlyMap<string, unknown>, name: string, otherwise: boolean): boolean {
  const value = options.get(name);
  return value === undefined ? otherwise : Boolean(value);
}

/** How a value of `ServerOptions` must look in JSON. */
const SHAPES = {
  host: ['a string or a list of strings', (value) => stringList(value) !== null],
  port: ['a whole number from 0 to 65535', (value) => whole(value, 0, 65535)],
  path: ['a string', (value) => typeof value === 'string'],
  fd: ['a descriptor number', (value) => whole(value, 0)],
  backlog: ['a whole number from 0', (value) => whole(value, 0)],
  reuseAddress: ['true or false', isBoolean],
  reusePort: ['true or false', isBoolean],
  ipv6Only: ['true or false', isBoolean],
  listenerOptions: ['an object of socket options', isObject],
  connectionOptions: ['an object of socket options', isObject],
  quickAck: ['true or false', isBoolean],
  writeBufferLimits: ['an object', isObject],
  maxConnections: ['a whole number from 0', (value) => whole(value, 0)],
  lingerTimeoutMs: ['a number from 0', (value) => typeof value === 'number' && value >= 0],
  startServing: ['true or false', isBoolean],
  engine: ['"auto", "native" or "node"', (value) => ENGINES.includes(value as Engine)],
} as const satisfies Record<string, readonly [string, (value: unknown) => boolean]>;

type Engine = ServerSettings['engine'];
const ENGINES: readonly Engine[] = ['auto', 'native', 'node'];

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function whole(value: unknown, min: number, max = 2 ** 31 - 1): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

function stringList(value: unknown): readonly string[] | null {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.every((item) => typeof item === 'string') ? list : null;
}

/** A JSON object shaped like `ServerOptions`, `createServer`'s defaults filled in. Throws `UsageError`. */
export function settingsOfJson(text: string, from: string, around: Surroundings): ServerSettings {
  const given = checked(parse(text, from), from);
  const get = <T>(name: keyof typeof SHAPES, otherwise: T): T => (given[name] as T) ?? otherwise;
  const options = new Map<string, unknown>([
    ['TCP_NODELAY', true],
    ...Object.entries(get('listenerOptions', {})),
    ...Object.entries(get('connectionOptions', {})),
  ]);
  return {
    form: 'options',
    hosts: given.fd === undefined ? stringList(get('host', [])) : null,
    port: get('port', 0),
    path: get('path', null),
    backlog: get('backlog', 511),
    reuseAddress: flag(options, 'SO_REUSEADDR', get('reuseAddress', true)),
    reusePort: flag(options, 'SO_REUSEPORT', get('reusePort', false)),
    ipv6Only: flag(options, 'IPV6_V6ONLY', get('ipv6Only', false)),
    maxConnections: get('maxConnections', null),
    quickAck: get('quickAck', false),
    options,
    engine: get<Engine>('engine', 'auto'),
    closesEarly: false,
    ...around,
  };
}

function parse(text: string, from: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${from} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (isObject(value)) return value as Record<string, unknown>;
  throw new UsageError(`${from} must hold an object such as {"port": 8888, "backlog": 511}`);
}

function checked(given: Record<string, unknown>, from: string): Record<string, unknown> {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(SHAPES, name)) {
      const near = closest(name, Object.keys(SHAPES));
      const hint = near === null ? `known: ${Object.keys(SHAPES).join(', ')}` : `not ${near}?`;
      throw new UsageError(`${from}: createServer has no option "${name}" (${hint})`);
    }
    const [expected, fits] = SHAPES[name as keyof typeof SHAPES];
    if (!fits(value)) {
      throw new UsageError(`${from}: ${name} must be ${expected}, not ${JSON.stringify(value)}`);
    }
  }
  return given;
}
