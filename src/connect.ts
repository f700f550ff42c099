import { isIP } from 'node:net';
import { type Address, type IpAddress, ipAddress, unixAddress } from './address.js';
import { checkConnectOptions } from './connect-options.js';
import { tellDropped, tellError } from './diagnostics.js';
import type { ConnectionOwner, DialRequest, Engine, TransportSettings } from './engine/engine.js';
import { type EngineChoice, selectEngine } from './engine/select.js';
import { codedError } from './errors.js';
import type { SocketOptions } from './options/catalogue.js';
import { planClientOptions } from './options/plan.js';
import type { BufferedProtocol, Protocol, ProtocolFactory } from './protocol.js';
import { race } from './race.js';
import { resolveHosts } from './resolve.js';
import type { Transport } from './transport.js';

/** Where to connect and how the connection behaves. `host` and `port`, `path`, or `fd`. */
export interface ConnectOptions {
  /** Name or address; default `localhost`. */
  host?: string;
  /** 1 to 65535. */
  port?: number;
  /** A unix socket; with a leading NUL an abstract name (Linux). */
  path?: string;
  /** A socket that is already connected. */
  fd?: number;
  /** The local address to connect from; addresses of the other family are not tried. */
  localAddress?: string;
  /** The local port to connect from; default 0: the kernel chooses. */
  localPort?: number;
  /** Socket options set before connect. */
  socketOptions?: SocketOptions;
  /** Acknowledge at once what is received, as `ServerOptions.quickAck` says; default false. */
  quickAck?: boolean;
  /** Time for the whole of resolving and connecting, ms; default: none but the kernel's own (about 130 s). */
  connectTimeoutMs?: number;
  /** How long one address may take before the next is tried beside it, ms; default 250 (RFC 8305, section 5). */
  attemptDelayMs?: number;
  /** Aborting it gives up, at any stage before the connection is there; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** Bytes; default 64 KiB and 16 KiB. */
  writeBufferLimits?: { high?: number; low?: number };
  /** How long a closed connection may go on discarding input, ms; default 1000. */
  lingerTimeoutMs?: number;
  /** Default 'auto': native where the addon loads, else node. */
  engine?: EngineChoice;
  /** Told of every error of a callback. */
  onError?(error: Error, transport: Transport | null): void;
}

/**
 * Connects, and resolves once the protocol's `connectionMade` has returned.
 *
 * A name with several addresses is tried as RFC 8305 says: alternating between the
 * families, each attempt a little after the one before it, at once when that one
 * failed; the first success wins and the others are closed.
 *
 * Rejects with the error of the only attempt, with an `AggregateError` that keeps
 * the error of every attempt, with `ETIMEDOUT` after `connectTimeoutMs`, or with
 * the signal's reason.
 */
export async function connect(
  factory: ProtocolFactory,
  options: ConnectOptions,
): Promise<{ transport: Transport; protocol: Protocol | BufferedProtocol }> {
  if (typeof factory !== 'function') {
    throw new TypeError(
      `connect(factory): factory must be a function that returns a protocol; got ${typeof factory}`,
    );
  }
  const settings = checkConnectOptions(options);
  const engine = selectEngine(options.engine);
  const client = new Client(factory, settings, options.onError);
  const transport = await withDeadline(options, (signal) => reach(engine, client, options, signal));
  return { transport, protocol: transport.protocol };
}

/** Runs `work` with a signal that aborts with the caller's or when the time is over. */
async function withDeadline<T>(
  options: ConnectOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, connectTimeoutMs } = options;
  signal?.throwIfAborted();
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer =
    connectTimeoutMs === undefined
      ? undefined
      : setTimeout(() => stop.abort(timedOut(options, connectTimeoutMs)), connectTimeoutMs);
  try {
    return await work(stop.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

async function reach(
  engine: Engine,
  client: Client,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Transport> {
  if (options.fd !== undefined) {
    const family = engine.familyOf?.(options.fd) ?? 'IPv4';
    return engine.dial({ fd: options.fd, plan: plan(options, family, [family]), signal }, client);
  }
  const targets = await unlessAborted(signal, findTargets(options));
  const families = targets.map((target) => target.address.family);
  const attempts = targets.map((target) => (attemptSignal: AbortSignal) => {
    const request: DialRequest = {
      ...target,
      plan: plan(options, target.address.family, families),
      signal: attemptSignal,
    };
    return engine.dial(request, client);
  });
  return race(attempts, { delayMs: options.attemptDelayMs ?? 250, signal });
}

type Family = Address['family'];

function plan(options: ConnectOptions, family: Family, families: readonly Family[]) {
  const { socketOptions, quickAck } = options;
  return planClientOptions({ socketOptions, quickAck, family, families });
}

interface Target {
  readonly address: Address;
  readonly localAddress?: IpAddress;
}

async function findTargets(options: ConnectOptions): Promise<Target[]> {
  if (options.path !== undefined) return [{ address: unixAddress(options.path) }];
  const { host = 'localhost', port = 0, localAddress, localPort = 0 } = options;
  const found = interleave(await resolveHosts([host], port));
  if (localAddress === undefined && localPort === 0) return found.map((address) => ({ address }));
  const usable = found.filter(
    ({ family }) => localAddress === undefined || familyOf(localAddress) === family,
  );
  if (usable.length === 0) {
    throw codedError(
      new Error(
        `${host} has no ${familyOf(localAddress as string)} address to reach from localAddress ${localAddress}`,
      ),
      'EAFNOSUPPORT',
    );
  }
  return usable.map((address) => {
    const wildcard = address.family === 'IPv6' ? '::' : '0.0.0.0';
    return { address, localAddress: ipAddress(localAddress ?? wildcard, localPort) };
  });
}

function familyOf(host: string): 'IPv4' | 'IPv6' {
  return isIP(host) === 6 ? 'IPv6' : 'IPv4';
}

/** RFC 8305, section 4: the families alternate, the resolver's first choice first. */
export function interleave(addresses: readonly IpAddress[]): IpAddress[] {
  const preferred = addresses[0]?.family;
  const first = addresses.filter((address) => address.family === preferred);
  const second = addresses.filter((address) => address.family !== preferred);
  const count = Math.max(first.length, second.length);
  return Array.from({ length: count }, (_, i) => [first[i], second[i]])
    .flat()
    .filter((address) => address !== undefined);
}

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort as () => void);
  }
}

function timedOut(options: ConnectOptions, connectTimeoutMs: number): Error {
  const at = options.path ?? `${options.host ?? 'localhost'}:${options.port}`;
  const error = codedError(
    new Error(`connect ETIMEDOUT ${at}: no connection within connectTimeoutMs ${connectTimeoutMs}`),
    'ETIMEDOUT',
  );
  return Object.assign(error, { syscall: 'connect' });
}

/** The owner of one client connection; of several attempts only the first to succeed gets a protocol. */
class Client implements ConnectionOwner {
  readonly server = null;
  readonly settings: TransportSettings;
  private readonly factory: ProtocolFactory;
  private readonly onError: ConnectOptions['onError'];
  private won = false;

  constructor(
    factory: ProtocolFactory,
    settings: TransportSettings,
    onError: ConnectOptions['onError'],
  ) {
    this.factory = factory;
    this.settings = settings;
    this.onError = onError;
  }

  createProtocol(): Protocol | BufferedProtocol {
    if (this.won) throw new Error('another attempt has already connected');
    this.won = true;
    return this.factory();
  }

  opened(): boolean {
    return true;
  }

  closed(): void {}

  failed(error: Error, transport: Transport | null): void {
    tellError(this.onError, error, transport);
  }

  writeDropped(transport: Transport, byteCount: number, first: boolean): void {
    if (first) tellDropped(transport, byteCount);
  }
}
