/**
 * How a connection is made, as Linux does it: the client's SYN arrives; nobody
 * listening answers with RST, which the client sees as ECONNREFUSED; a full accept
 * queue does not answer at all, so that the client repeats its SYN after 1, 3, 7, …
 * seconds and gives up after 127 (tcp_syn_retries = 6). Otherwise the connection
 * is there, for the listener from the moment it is in the queue, for the client
 * when the answer has come back. For unix sockets a missing name is ENOENT and a
 * full queue EAGAIN (unix(7)).
 */
import { type Address, ipAddress } from '../../address.js';
import { asError, systemError } from '../../errors.js';
import type { AcceptQueue } from './accept-queue.js';
import type { Timer } from './clock.js';
import { Connection } from './connection.js';
import type { Endpoint } from './endpoint.js';
import { EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOENT, ETIMEDOUT } from './errno.js';
import type { Host } from './host.js';
import type { OptionTable } from './option-table.js';
import { Weather } from './weather.js';

const FIRST_RETRY_MS = 1000;
const SYN_RETRIES = 6;

/** Whom to connect to, and how. */
export interface ConnectRequest {
  readonly address: Address;
  readonly localAddress?: Address | undefined;
  readonly options: OptionTable;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves to the client's end, or rejects with nothing left open.
 * @throws SystemError at once when there is no local address to connect from
 */
export function connectFrom(host: Host, request: ConnectRequest): Promise<Endpoint> {
  request.signal?.throwIfAborted();
  return new Handshake(host, request).promise;
}

class Handshake {
  readonly promise: Promise<Endpoint>;
  private readonly host: Host;
  private readonly request: ConnectRequest;
  private readonly remote: Address;
  private readonly local: Address;
  private readonly weather: Weather;
  private readonly onAbort = () => this.fail(asError(this.request.signal?.reason));
  private resolve!: (endpoint: Endpoint) => void;
  private reject!: (error: Error) => void;
  private endpoint: Endpoint | null = null;
  private isOver = false;
  private retries = 0;
  private retry: Timer | undefined;

  constructor(host: Host, request: ConnectRequest) {
    this.host = host;
    this.request = request;
    this.remote = withoutWildcard(request.address);
    this.local = host.sourceFor(this.remote, request.localAddress);
    const { random, climate } = host.network;
    this.weather = new Weather(random.fork(), climate);
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    host.network.hold();
    request.signal?.addEventListener('abort', this.onAbort, { once: true });
    this.later(() => this.knock());
  }

  /** The SYN arrives. */
  private knock(): void {
    const target = this.host.routeTo(this.remote);
    if (target === undefined) {
      this.refuse(EHOSTUNREACH);
      return;
    }
    const bound = target.listenersOn(this.remote);
    const listening = bound.filter((queue) => queue.isListening);
    if (listening.length === 0 || this.weather.isRefused) {
      const isMissing = this.remote.family === 'unix' && bound.length === 0;
      this.refuse(isMissing && !isAbstract(this.remote) ? ENOENT : ECONNREFUSED);
      return;
    }
    const queue = this.host.network.random.pick(listening);
    if (!queue.isFull) this.join(queue);
    else if (this.remote.family === 'unix') this.refuse(EAGAIN);
    else this.knockAgainLater();
  }

  private join(queue: AcceptQueue): void {
    const mapped = queue.address.family === 'IPv6' && this.remote.family === 'IPv4';
    const seen = (address: Address) => (mapped ? asIPv6(address) : address);
    const { client, server } = new Connection(
      this.host.network,
      this.weather,
      { address: this.local, seen: seen(this.local), options: this.request.options },
      { address: this.remote, seen: seen(this.remote), options: queue.options.inherited() },
    );
    this.endpoint = client;
    queue.arrived(server);
    this.later(() => {
      this.done();
      this.resolve(client);
    });
  }

  private knockAgainLater(): void {
    const waitMs = FIRST_RETRY_MS * 2 ** this.retries++;
    const then = () =>
      this.retries > SYN_RETRIES
        ? this.fail(systemError(ETIMEDOUT, 'connect', this.request.address))
        : this.later(() => this.knock());
    this.retry = this.host.network.clock.setTimeout(then, waitMs);
  }

  private refuse(errno: number): void {
    this.later(() => this.fail(systemError(errno, 'connect', this.request.address)));
  }

  private later(step: () => void): void {
    const { clock } = this.host.network;
    clock.inTransit(this.weather.delayMs(), () => {
      if (!this.isOver) step();
    });
  }

  private fail(error: Error): void {
    if (this.isOver) return;
    this.done();
    this.endpoint?.close();
    this.reject(error);
  }

  private done(): void {
    this.isOver = true;
    this.host.network.clock.clearTimeout(this.retry);
    this.request.signal?.removeEventListener('abort', this.onAbort);
    this.host.network.release();
  }
}

/** Connecting to "any address" connects to oneself. */
function withoutWildcard(address: Address): Address {
  if (address.family === 'unix') return address;
  if (address.host === '0.0.0.0') return ipAddress('127.0.0.1', address.port);
  return address.host === '::' ? ipAddress('::1', address.port) : address;
}

/** How an IPv6 socket that takes IPv4 clients writes an address (RFC 4291, 2.5.5.2). */
function asIPv6(address: Address): Address {
  return address.family === 'IPv4' ? ipAddress(`::ffff:${address.host}`, address.port) : address;
}

function isAbstract(address: Address): boolean {
  return address.family === 'unix' && address.path.startsWith('\0');
}
