import type { Address, IpAddress } from '../../address.js';
import { ipAddress } from '../../address.js';
import { systemError } from '../../errors.js';
import type { AcceptQueue } from './accept-queue.js';
import { EADDRINUSE } from './errno.js';

/** Where Linux starts looking for a free port: net.ipv4.ip_local_port_range. */
const FIRST_FREE_PORT = 32768;

/** What of a bound socket decides whether another one can be bound beside it. */
type Bound = Pick<AcceptQueue, 'address' | 'ipv6Only' | 'reusePort'>;

/** Who is bound to which address and port, or to which unix name, on one host. */
export class Ports {
  private readonly bound: AcceptQueue[] = [];
  private nextFree = FIRST_FREE_PORT;

  /**
   * The address to bind to, with a port.
   * @throws SystemError `EADDRINUSE`
   */
  claim(wanted: Bound): Address {
    const address = this.withPort(wanted.address);
    const socket = { ...wanted, address };
    const inTheWay = this.bound.some(
      (other) => overlap(other, socket) && !(other.reusePort && wanted.reusePort),
    );
    if (inTheWay) throw systemError(EADDRINUSE, 'listen', address);
    return address;
  }

  add(queue: AcceptQueue): void {
    this.bound.push(queue);
  }

  remove(queue: AcceptQueue): void {
    const at = this.bound.indexOf(queue);
    if (at >= 0) this.bound.splice(at, 1);
  }

  /** Whoever is bound so that a connection to `address` is theirs; an exact address comes before a wildcard. */
  find(address: Address): AcceptQueue[] {
    const able = this.bound.filter((queue) => covers(queue, address));
    const exact = able.filter((queue) => `${queue.address}` === `${address}`);
    return exact.length > 0 ? exact : able;
  }

  /** The local address of a client. */
  clientAddress(host: string, port: number): IpAddress {
    return ipAddress(host, port === 0 ? this.freePort() : port);
  }

  private withPort(address: Address): Address {
    if (address.family === 'unix' || address.port !== 0) return address;
    return ipAddress(address.host, this.freePort());
  }

  /** Ports are given out in turn and not again before all others: none is found still in use by a client. */
  private freePort(): number {
    const taken = new Set(
      this.bound.map(({ address }) => (address.family === 'unix' ? 0 : address.port)),
    );
    let port = this.nextFree;
    while (taken.has(port)) port = following(port);
    this.nextFree = following(port);
    return port;
  }
}

function following(port: number): number {
  return port === 65535 ? FIRST_FREE_PORT : port + 1;
}

function overlap(a: Bound, b: Bound): boolean {
  return covers(a, b.address) || covers(b, a.address);
}

function covers({ address, ipv6Only }: Pick<Bound, 'address' | 'ipv6Only'>, to: Address): boolean {
  if (address.family === 'unix') return to.family === 'unix' && address.path === to.path;
  if (to.family === 'unix' || address.port !== to.port) return false;
  if (address.host === to.host) return true;
  if (address.host === '0.0.0.0') return to.family === 'IPv4';
  return address.host === '::' && (to.family === 'IPv6' || !ipv6Only);
}
