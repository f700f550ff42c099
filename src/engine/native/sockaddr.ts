import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Address, ipAddress, unixAddress } from '../../address.js';
import { codedError } from '../../errors.js';
import type { NativeConstants } from './binding.js';

/*
 * struct sockaddr in bytes: the family in host order at 0, the port in network
 * order at 2; IPv4: the address at 4; IPv6: the address at 8, the scope at 24 in
 * host order; unix: the path from SUN_PATH_OFFSET on, NUL-terminated, or starting
 * with NUL for an abstract name, whose length is that of the sockaddr (unix(7)).
 * Linux on x64 and arm64 is little-endian.
 */
const MAPPED_PREFIX = '::ffff:';

/** An address as the kernel takes it. Throws for a unix path that is too long. */
export function encodeAddress(address: Address, c: NativeConstants): Buffer {
  if (address.family === 'unix') return encodePath(address.path, c);
  const v4 = address.family === 'IPv4';
  const bytes = Buffer.alloc(v4 ? c.SOCKADDR_IN_BYTES : c.SOCKADDR_IN6_BYTES);
  bytes.writeUInt16LE(v4 ? c.AF_INET : c.AF_INET6, 0);
  bytes.writeUInt16BE(address.port, 2);
  if (v4) {
    writeIPv4(address.host, bytes, 4);
  } else {
    const [host, zone] = address.host.split('%') as [string, string?];
    writeIPv6(host, bytes, 8);
    if (zone !== undefined) bytes.writeUInt32LE(scopeId(zone), 24);
  }
  return bytes;
}

/** What the kernel wrote; `bytes` has the length it returned. */
export function decodeAddress(bytes: Buffer, c: NativeConstants): Address {
  const family = bytes.length >= 2 ? bytes.readUInt16LE(0) : c.AF_UNIX;
  if (family === c.AF_INET)
    return ipAddress(formatIPv4(bytes.readInt32BE(4)), bytes.readUInt16BE(2));
  if (family === c.AF_INET6) {
    const scope = bytes.readUInt32LE(24);
    const host = formatIPv6(bytes, 8) + (scope === 0 ? '' : `%${zoneName(scope)}`);
    return ipAddress(host, bytes.readUInt16BE(2));
  }
  return unixAddress(decodePath(bytes, c));
}

/** Dotted decimal of four bytes read big-endian as one (signed) integer. */
export function formatIPv4(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

function encodePath(path: string, c: NativeConstants): Buffer {
  const name = Buffer.from(path);
  const abstract = path.startsWith('\0');
  const room = c.SOCKADDR_UN_BYTES - c.SUN_PATH_OFFSET - (abstract ? 0 : 1);
  if (name.length > room) {
    throw codedError(
      new RangeError(
        `unix socket path ${JSON.stringify(path)} is ${name.length} bytes long; the kernel takes at most ${room} (unix(7))`,
      ),
      'ENAMETOOLONG',
    );
  }
  const bytes = Buffer.alloc(c.SUN_PATH_OFFSET + name.length + (abstract ? 0 : 1));
  bytes.writeUInt16LE(c.AF_UNIX, 0);
  name.copy(bytes, c.SUN_PATH_OFFSET);
  return bytes;
}

function decodePath(bytes: Buffer, c: NativeConstants): string {
  const name = bytes.subarray(c.SUN_PATH_OFFSET);
  if (name.length === 0 || name[0] === 0) return name.toString();
  const end = name.indexOf(0);
  return name.toString('utf8', 0, end < 0 ? name.length : end);
}

function writeIPv4(host: string, into: Buffer, at: number): void {
  for (const [i, part] of host.split('.').entries()) into[at + i] = Number(part);
}

function writeIPv6(host: string, into: Buffer, at: number): void {
  const [head, tail] = host.split('::') as [string, string?];
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  for (const [i, group] of front.entries()) into.writeUInt16BE(group, at + 2 * i);
  for (const [i, group] of back.entries())
    into.writeUInt16BE(group, at + 2 * (8 - back.length + i));
}

/** The 16-bit groups of part of an IPv6 address; a dotted tail counts as two. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!isIPv4(part)) return [Number.parseInt(part, 16)];
    const [a, b, c, d] = part.split('.').map(Number) as [number, number, number, number];
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** RFC 5952: the longest run of zero groups is left out; mapped IPv4 addresses in dotted form. */
function formatIPv6(bytes: Buffer, at: number): string {
  const parts = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + 2 * i));
  if (parts.slice(0, 5).every((part) => part === 0) && parts[5] === 0xffff) {
    return MAPPED_PREFIX + formatIPv4(bytes.readInt32BE(at + 12));
  }
  const run = longestZeroRun(parts);
  const hex = (list: number[]) => list.map((part) => part.toString(16)).join(':');
  if (run.length < 2) return hex(parts);
  return `${hex(parts.slice(0, run.start))}::${hex(parts.slice(run.start + run.length))}`;
}

function longestZeroRun(parts: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [i, part] of parts.entries()) {
    length = part === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: i - length + 1, length };
  }
  return best;
}

function scopeId(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone);
  const found = networkInterfaces()[zone]?.find((entry) => entry.family === 'IPv6');
  if (found === undefined) {
    throw codedError(
      new Error(`no IPv6 network interface is named ${JSON.stringify(zone)}`),
      'ENODEV',
    );
  }
  return (found as { scopeid: number }).scopeid;
}

function zoneName(scope: number): string {
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    if (entries?.some((entry) => entry.family === 'IPv6' && entry.scopeid === scope)) return name;
  }
  return String(scope);
}
