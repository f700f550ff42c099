/**
 * Values of JavaScript to and from what setsockopt(2) and getsockopt(2) carry.
 *
 * Facts it relies on: an option's number is a C int of four bytes in the byte
 * order of the machine, unless the catalogue says otherwise; any non-zero int is
 * true; a name is bytes with or without a closing NUL; `struct timeval` has two
 * fields of eight bytes on 64-bit machines; the kernel may return fewer bytes than
 * there is room for.
 */
import { endianness } from 'node:os';
import { acceptedValues } from './accepted-values.js';
import type { OptionType } from './catalogue/spec.js';
import type { SocketOption } from './catalogue.js';
import { SocketOptionError } from './error.js';
import { parseTcpInfo, TCP_INFO_ROOM, type TcpInfo } from './tcp-info.js';

/** struct linger: what close(2) does with unsent data. `seconds` counts only when `onoff` is true. */
export interface Linger {
  readonly onoff: boolean;
  readonly seconds: number;
}

/** struct timeval. */
export interface TimeValue {
  readonly seconds: number;
  /** 0 to 999,999. */
  readonly microseconds: number;
}

/** Local ports, both included; 0 means the bound of the sysctl. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** struct ucred: whoever connected to a unix socket. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What SO_MEMINFO returns, in bytes unless the name says otherwise. */
export interface SocketMemory {
  readonly receiveQueued: number;
  readonly receiveLimit: number;
  readonly sendAllocated: number;
  readonly sendLimit: number;
  readonly reserved: number;
  readonly sendQueued: number;
  readonly ancillary: number;
  readonly backlog: number;
  /** Packets dropped since the socket exists. */
  readonly droppedPackets: number;
}

/** The JavaScript value of each type of the catalogue. */
export interface OptionValues {
  bool: boolean;
  int: number;
  u32: number;
  /** Exact up to 2^53; all ones, which the kernel uses for "no limit", is Infinity. */
  u64: number;
  string: string;
  bytes: Buffer;
  linger: Linger;
  timeval: TimeValue;
  'port-range': PortRange;
  tcp_info: TcpInfo;
  meminfo: SocketMemory;
  ucred: PeerCredentials;
  gids: readonly number[];
}

/** The value of any option. */
export type OptionValue = OptionValues[OptionType];

const littleEndian = endianness() === 'LE';
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** How many bytes to offer the kernel for each type. */
const roomFor: Record<OptionType, number> = {
  bool: 4,
  int: 4,
  u32: 4,
  u64: 8,
  string: 16,
  bytes: 512,
  linger: 8,
  timeval: 16,
  'port-range': 4,
  tcp_info: TCP_INFO_ROOM,
  meminfo: 36,
  ucred: 12,
  gids: 262_144,
};

/** Room for whatever getsockopt(2) returns for the option. */
export function optionRoom(option: SocketOption): Buffer {
  const exact = option.type === 'bytes' && option.lengths?.length === 1;
  return Buffer.alloc(exact ? option.lengths![0]! : roomFor[option.type]);
}

/** What the kernel returned, as a value; `bytes` holds exactly the returned bytes. */
export function decodeOption(option: SocketOption, bytes: Buffer): OptionValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const int = (index: number) => view.getInt32(index * 4, littleEndian);
  const u32 = (index: number) => view.getUint32(index * 4, littleEndian);
  switch (option.type) {
    case 'bool':
      return int(0) !== 0;
    case 'int':
      return int(0);
    case 'u32':
      return u32(0);
    case 'u64': {
      // Kernels before 5.0 return SO_MAX_PACING_RATE as four bytes.
      const value = bytes.length >= 8 ? view.getBigUint64(0, littleEndian) : BigInt(u32(0));
      return value === ALL_ONES || (bytes.length < 8 && value === 0xffff_ffffn)
        ? Infinity
        : Number(value);
    }
    case 'string':
      return bytes.toString('utf8').replace(/\0.*$/s, '');
    case 'bytes':
      return bytes;
    case 'linger':
      return { onoff: int(0) !== 0, seconds: int(1) };
    case 'timeval':
      return {
        seconds: Number(view.getBigInt64(0, littleEndian)),
        microseconds: Number(view.getBigInt64(8, littleEndian)),
      };
    case 'port-range':
      return { low: u32(0) & 0xffff, high: u32(0) >>> 16 };
    case 'tcp_info':
      return parseTcpInfo(bytes);
    case 'ucred':
      return { pid: int(0), uid: u32(1), gid: u32(2) };
    case 'gids':
      return Array.from({ length: bytes.length / 4 }, (_, index) => u32(index));
    case 'meminfo':
      return {
        receiveQueued: u32(0),
        receiveLimit: u32(1),
        sendAllocated: u32(2),
        sendLimit: u32(3),
        reserved: u32(4),
        sendQueued: u32(5),
        ancillary: u32(6),
        backlog: u32(7),
        droppedPackets: u32(8),
      };
  }
}

/**
 * The bytes for setsockopt(2).
 * @throws SocketOptionError when the value has a wrong type or is out of the kernel's range
 */
export function encodeOption(option: SocketOption, value: unknown): Buffer {
  switch (option.type) {
    case 'bool':
      if (typeof value !== 'boolean') throw wrongType(option, value);
      return ints(value ? 1 : 0);
    case 'int':
    case 'u32':
      return ints(checkedNumber(option, value));
    case 'u64': {
      const rate = checkedNumber(option, value);
      const bytes = Buffer.alloc(8);
      const wide = rate === Infinity ? ALL_ONES : BigInt(rate);
      new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, wide, littleEndian);
      return bytes;
    }
    case 'string':
      return encodeString(option, value);
    case 'bytes':
      return encodeBytes(option, value);
    case 'linger': {
      const { onoff, seconds } = fieldsOf<Linger>(option, value);
      if (typeof onoff !== 'boolean') throw wrongType(option, value);
      return ints(onoff ? 1 : 0, checkedNumber(option, seconds, value));
    }
    case 'timeval':
      return encodeTimeValue(option, value);
    case 'port-range':
      return encodePortRange(option, value);
    default:
      throw wrongType(option, value);
  }
}

/** A native-endian C int, or several. */
export function ints(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, littleEndian);
  return bytes;
}

function checkedNumber(option: SocketOption, number: unknown, value: unknown = number): number {
  if (typeof number !== 'number') throw wrongType(option, value);
  if (option.also?.includes(number)) return number;
  const [low, high] = option.range!;
  if (!Number.isInteger(number) || number < low || number > high) throw outOfRange(option, value);
  return number;
}

function encodeString(option: SocketOption, value: unknown): Buffer {
  if (typeof value !== 'string') throw wrongType(option, value);
  const bytes = Buffer.from(value, 'utf8');
  const [least, most] = option.lengths as readonly [number, number];
  if (bytes.length < least || bytes.length > most || bytes.includes(0)) {
    throw outOfRange(option, value);
  }
  return bytes;
}

function encodeBytes(option: SocketOption, value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw wrongType(option, value);
  if (option.lengths !== undefined && !option.lengths.includes(value.length)) {
    throw outOfRange(option, value);
  }
  return Buffer.from(value);
}

function encodeTimeValue(option: SocketOption, value: unknown): Buffer {
  const { seconds, microseconds } = fieldsOf<TimeValue>(option, value);
  if (typeof seconds !== 'number' || typeof microseconds !== 'number') {
    throw wrongType(option, value);
  }
  const valid = Number.isSafeInteger(seconds) && Number.isInteger(microseconds);
  if (!valid || seconds < 0 || microseconds < 0 || microseconds > 999_999) {
    throw outOfRange(option, value);
  }
  const bytes = Buffer.alloc(16);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setBigInt64(0, BigInt(seconds), littleEndian);
  view.setBigInt64(8, BigInt(microseconds), littleEndian);
  return bytes;
}

function encodePortRange(option: SocketOption, value: unknown): Buffer {
  const { low, high } = fieldsOf<PortRange>(option, value);
  if (typeof low !== 'number' || typeof high !== 'number') throw wrongType(option, value);
  const isPort = (port: number) => Number.isInteger(port) && port >= 0 && port <= 65_535;
  if (!isPort(low) || !isPort(high) || (high !== 0 && low > high)) throw outOfRange(option, value);
  return ints(low + high * 65_536);
}

function fieldsOf<T>(option: SocketOption, value: unknown): Partial<T> {
  if (typeof value !== 'object' || value === null) throw wrongType(option, value);
  return value as Partial<T>;
}

function wrongType(option: SocketOption, value: unknown): SocketOptionError {
  return new SocketOptionError({
    option: option.name,
    value: value === undefined ? 'undefined' : value,
    problem: 'wrong type',
    cure: `it takes ${acceptedValues(option)}`,
  });
}

function outOfRange(option: SocketOption, value: unknown): SocketOptionError {
  return new SocketOptionError({
    option: option.name,
    value,
    problem: 'out of range',
    cure: `it takes ${acceptedValues(option)}`,
  });
}
