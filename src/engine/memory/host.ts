import { type Address, ipAddress, unixAddress } from '../../address.js';
import { codedError, type SystemError, systemError } from '../../errors.js';
import { AcceptQueue } from './accept-queue.js';
import { EADDRNOTAVAIL, ENETUNREACH } from './errno.js';
import { OptionTable } from './option-table.js';
import { Ports } from './ports.js';
import type { Wiring } from './wiring.js';

/** What fits into struct sockaddr_un: 108 bytes, with the NUL that ends a path (unix(7)). */
const PATH_BYTES = 107;

const wildcards = new Set(['0.0.0.0', '::']);

/** A machine of the network: its addresses, ports and unix names. Loopback is its own. */
export class Host {
  readonly network: Wiring;
  readonly addresses: readonly string[];
  private readonly ports = new Ports();

  constructor(network: Wiring, addresses: readonly string[]) {
    this.network = network;
    this.addresses = addresses;
    for (const address of addresses) network.hosts.set(address, this);
  }

  /** socket(2). */
  newOptions(): OptionTable {
    return new OptionTable(this.network);
  }

  /**
   * bind(2) for a listener.
   * @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL`; RangeError `ENAMETOOLONG`
   */
  bind(socket: ConstructorParameters<typeof AcceptQueue>[1]): AcceptQueue {
    const { address } = socket;
    if (address.family === 'unix') checkPath(address.path);
    else if (!wildcards.has(address.host) && !this.owns(address.host)) {
      throw systemError(EADDRNOTAVAIL, 'listen', address);
    }
    const queue = new AcceptQueue(this.network, { ...socket, address: this.ports.claim(socket) });
    this.ports.add(queue);
    return queue;
  }

  unbind(queue: AcceptQueue): void {
    this.ports.remove(queue);
    queue.close();
  }

  /** Who is bound to `address` here. */
  listenersOn(address: Address): AcceptQueue[] {
    return this.ports.find(address);
  }

  /** The machine that `address` leads to from here; undefined: none. */
  routeTo(address: Address): Host | undefined {
    if (address.family === 'unix' || isLoopback(address.host) || wildcards.has(address.host)) {
      return this;
    }
    return this.network.hosts.get(address.host);
  }

  /**
   * Where a connection to `remote` comes from.
   * @throws SystemError `EADDRNOTAVAIL`, `ENETUNREACH`; RangeError `ENAMETOOLONG`
   */
  sourceFor(remote: Address, asked: Address | undefined): Address {
    if (remote.family === 'unix') {
      checkPath(remote.path);
      return unixAddress('');
    }
    if (asked !== undefined && asked.family !== 'unix' && !wildcards.has(asked.host)) {
      if (!this.owns(asked.host)) throw systemError(EADDRNOTAVAIL, 'bind', asked);
      return this.ports.clientAddress(asked.host, asked.port);
    }
    const host = this.routeTo(remote) === this ? remote.host : this.addressLike(remote.family);
    if (host === undefined) throw unreachable(remote);
    return this.ports.clientAddress(host, asked === undefined ? 0 : portOf(asked));
  }

  private addressLike(family: 'IPv4' | 'IPv6'): string | undefined {
    return this.addresses.find((address) => ipAddress(address, 0).family === family);
  }

  private owns(address: string): boolean {
    return isLoopback(address) || this.addresses.includes(address);
  }
}

function unreachable(remote: Address): SystemError {
  return systemError(ENETUNREACH, 'connect', remote);
}

function checkPath(path: string): void {
  const length = Buffer.byteLength(path);
  const most = path.startsWith('\0') ? PATH_BYTES + 1 : PATH_BYTES;
  if (length <= most) return;
  throw codedError(
    new RangeError(
      `unix socket path ${JSON.stringify(path)} has ${length} bytes; at most ${most} fit (unix(7))`,
    ),
    'ENAMETOOLONG',
  );
}

function portOf(address: Address): number {
  return address.family === 'unix' ? 0 : address.port;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
