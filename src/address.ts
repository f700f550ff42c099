import { isIPv6 } from 'node:net';

/** An IP endpoint. `toString()` gives `host:port`, or `[host]:port` for IPv6. */
export interface IpAddress {
  readonly family: 'IPv4' | 'IPv6';
  readonly host: string;
  readonly port: number;
  /** `host:port`, or `[host]:port` for IPv6. */
  toString(): string;
}

/** A unix-socket endpoint; `path` is empty for an unnamed socket and starts with NUL for an abstract one. */
export interface UnixAddress {
  readonly family: 'unix';
  readonly path: string;
  /** The path; an abstract name with `@` for its leading NUL. */
  toString(): string;
}

/** One end of a connection, or where a listener listens. */
export type Address = IpAddress | UnixAddress;

class Ip implements IpAddress {
  readonly family: 'IPv4' | 'IPv6';
  readonly host: string;
  readonly port: number;

  constructor(family: 'IPv4' | 'IPv6', host: string, port: number) {
    this.family = family;
    this.host = host;
    this.port = port;
  }

  toString(): string {
    return this.family === 'IPv6' ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }
}

class Unix implements UnixAddress {
  readonly family = 'unix';
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The path; an abstract name with `@` for its leading NUL, as `ss` prints it. */
  toString(): string {
    return this.path.startsWith('\0') ? `@${this.path.slice(1)}` : this.path;
  }
}

/** An IP address; the family follows from the spelling of `host`. */
export function ipAddress(host: string, port: number): IpAddress {
  return new Ip(isIPv6(host) ? 'IPv6' : 'IPv4', host, port);
}

/** A unix-socket address. */
export function unixAddress(path: string): UnixAddress {
  return new Unix(path);
}
