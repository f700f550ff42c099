import type { SocketOptions } from '../options/catalogue.js';
import { findOption } from '../options/catalogue.js';
import type { ServerOptions } from '../server.js';
import { UsageError } from './arguments.js';
import type { EchoRequest, EchoSettings } from './flags.js';
import type { OptionSetting } from './option-text.js';

/** Flags that mean nothing to a unix socket. */
const TCP_FLAGS = [
  'reuse-address',
  'reuse-port',
  'nodelay',
  'quickack',
  'keepalive-idle',
  'keepalive-count',
  'keepalive-interval',
];

/** Socket options that `createServer` has an option of its own for. */
const SERVER_OPTION_OF = {
  SO_REUSEADDR: 'reuseAddress',
  SO_REUSEPORT: 'reusePort',
  IPV6_V6ONLY: 'ipv6Only',
  TCP_QUICKACK: 'quickAck',
} as const;

/**
 * The settings of `hawser echo` as `createServer` takes them.
 *
 * @throws UsageError for flags that do not fit a unix socket
 */
export function echoServerOptions({ settings, isGiven }: EchoRequest): ServerOptions {
  const { path, host, port, backlog, maxConnections, engine } = settings;
  const options: ServerOptions = {
    backlog,
    engine,
    ...(maxConnections === null ? {} : { maxConnections }),
    ...(path === null ? { host, port, ...tcpOptions(settings) } : { path }),
  };
  if (path !== null) refuseTcpFlags(isGiven);
  const connectionOptions: Record<string, unknown> = { ...options.connectionOptions };
  if (settings.recvBuffer !== null) connectionOptions.SO_RCVBUF = settings.recvBuffer;
  if (settings.sendBuffer !== null) connectionOptions.SO_SNDBUF = settings.sendBuffer;
  return withOptions({ ...options, connectionOptions }, settings.options);
}

function tcpOptions({ nodelay, quickack, keepalive, reuseAddress, reusePort }: EchoSettings) {
  const probes: SocketOptions =
    keepalive === null
      ? {}
      : {
          SO_KEEPALIVE: true,
          TCP_KEEPIDLE: keepalive.idle,
          TCP_KEEPCNT: keepalive.count,
          TCP_KEEPINTVL: keepalive.interval,
        };
  const connectionOptions: SocketOptions = { TCP_NODELAY: nodelay, ...probes };
  return { reuseAddress, reusePort, quickAck: quickack, connectionOptions };
}

function refuseTcpFlags(isGiven: (flag: string) => boolean): void {
  const stray = TCP_FLAGS.find(isGiven);
  if (stray === undefined) return;
  throw new UsageError(`--${stray} is for TCP, and --path is a unix socket: give one of them`);
}

/** `--option`: to the listener what stays there, everything else to every connection. */
function withOptions(options: ServerOptions, settings: readonly OptionSetting[]): ServerOptions {
  const listenerOptions: Record<string, unknown> = {};
  const connectionOptions: Record<string, unknown> = { ...options.connectionOptions };
  const serverOptions: Record<string, unknown> = {};
  for (const { name, value } of settings) {
    const option = findOption(name);
    if (name in SERVER_OPTION_OF) {
      serverOptions[SERVER_OPTION_OF[name as keyof typeof SERVER_OPTION_OF]] = value;
    } else if (option?.role === 'listener' && option.inherited === 'no') {
      listenerOptions[name] = value;
    } else {
      connectionOptions[name] = value;
    }
  }
  return { ...options, ...serverOptions, listenerOptions, connectionOptions };
}

/** What the recipe sets and not every engine can, with the flag that asks for it. */
const RELAXABLE: Readonly<Record<string, string>> = {
  SO_REUSEADDR: 'reuse-address',
  SO_REUSEPORT: 'reuse-port',
  TCP_QUICKACK: 'quickack',
  TCP_KEEPIDLE: 'keepalive-idle',
  TCP_KEEPCNT: 'keepalive-count',
  TCP_KEEPINTVL: 'keepalive-interval',
};

/**
 * The same options without one that the engine refused, or null when somebody asked
 * for it: what was asked for is done or is an error; what is merely a default may go.
 */
export function relaxed(
  options: ServerOptions,
  refused: string,
  { settings, isGiven }: EchoRequest,
): ServerOptions | null {
  const flag = RELAXABLE[refused];
  const isAsked = settings.options.some(({ name }) => name === refused);
  if (flag === undefined || isGiven(flag) || isAsked) return null;
  const serverOption = SERVER_OPTION_OF[refused as keyof typeof SERVER_OPTION_OF];
  if (serverOption !== undefined) return { ...options, [serverOption]: undefined };
  return { ...options, connectionOptions: { ...options.connectionOptions, [refused]: undefined } };
}
