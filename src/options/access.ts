import { type SystemError, systemError } from '../errors.js';
import type { TransportSocket } from '../transport.js';
import {
  isReadable,
  optionLevels,
  type SettableOptionName,
  type SocketOption,
  type SocketOptionName,
  type SocketOptionValue,
} from './catalogue.js';
import { decodeOption, encodeOption, ints, type OptionValue, optionRoom } from './codec.js';
import { refusedByKernel, SocketOptionError } from './error.js';
import { knownOption, settableOption } from './lookup.js';
import type { OptionCall } from './plan.js';
import { type OptionReport, reportOptions } from './report.js';
import type { TcpInfo } from './tcp-info.js';

/** The two system calls. The native addon has them. */
export interface OptionCalls {
  /** getsockopt(2): how many bytes were written into `into`, or -errno. */
  getsockopt(fd: number, level: number, option: number, into: Buffer): number;
  /** setsockopt(2): 0, or -errno. */
  setsockopt(fd: number, level: number, option: number, value: Buffer): number;
}

/** What a socket is used for, which decides what the report expects of it. */
export type SocketKind = 'listener' | 'connection' | 'client';

/** Reads and sets the options of one kernel socket by its file descriptor. */
export class KernelSocket implements TransportSocket {
  readonly #calls: OptionCalls;
  readonly #fd: () => number;
  readonly #kind: SocketKind;
  /** What was asked of this socket, by name: the plan, and every `set` since. */
  readonly #asked: Map<string, unknown>;

  constructor(options: {
    readonly calls: OptionCalls;
    /** Asked before every call; -1 when the socket is closed. */
    readonly fd: () => number;
    readonly kind: SocketKind;
    /** The calls of the plan that concern this socket, for the report. */
    readonly asked: readonly OptionCall[];
  }) {
    this.#calls = options.calls;
    this.#fd = options.fd;
    this.#kind = options.kind;
    this.#asked = new Map(options.asked.map((call) => [call.name, call.asked]));
  }

  get fd(): number {
    return this.#fd();
  }

  get<K extends SocketOptionName>(name: K): SocketOptionValue<K> {
    const option = knownOption(name);
    if (!isReadable(option)) {
      throw new SocketOptionError({
        option: name,
        problem: 'it cannot be read',
        cure: option.note ?? 'it can only be set',
      });
    }
    return this.#read(option) as SocketOptionValue<K>;
  }

  set<K extends SettableOptionName>(name: K, value: SocketOptionValue<K>): void {
    const option = settableOption(name, value);
    const bytes = encodeOption(option, value);
    const fd = this.#open(name, value);
    const failed = this.#calls.setsockopt(fd, optionLevels[option.level], option.number, bytes);
    if (failed < 0) {
      throw refusedByKernel({ name, asked: value }, systemError(failed, 'setsockopt'));
    }
    this.#asked.set(name, value);
  }

  getRaw(level: number, option: number, byteLength: number): Buffer {
    const name = `option ${option} of level ${level}`;
    if (!Number.isInteger(byteLength) || byteLength < 0 || byteLength > 1 << 20) {
      throw new RangeError(`byteLength must be 0 to ${1 << 20}, not ${byteLength}`);
    }
    return this.#readBytes(name, level, option, Buffer.alloc(byteLength));
  }

  setRaw(level: number, option: number, value: Buffer | number): void {
    const name = `option ${option} of level ${level}`;
    const isInt = typeof value === 'number';
    if (isInt && (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32)) {
      throw new RangeError(`${name}: a number must fit 32 bits, not ${value}`);
    }
    if (!isInt && !(value instanceof Uint8Array)) {
      throw new TypeError(`${name}: the value must be a Buffer or a number`);
    }
    const bytes = isInt ? ints(value) : value;
    const failed = this.#calls.setsockopt(this.#open(name, value), level, option, bytes);
    if (failed < 0) {
      throw refusedByKernel({ name, asked: value }, systemError(failed, 'setsockopt'));
    }
  }

  tcpInfo(): TcpInfo {
    return this.get('TCP_INFO');
  }

  report(): OptionReport[] {
    const read = (name: SocketOptionName): OptionValue => this.#read(knownOption(name));
    return reportOptions(this.#asked, this.#kind, read);
  }

  #read(option: SocketOption): OptionValue {
    const level = optionLevels[option.level];
    const bytes = this.#readBytes(option.name, level, option.number, optionRoom(option));
    return decodeOption(option, bytes);
  }

  #readBytes(name: string, level: number, option: number, room: Buffer): Buffer {
    const length = this.#calls.getsockopt(this.#open(name), level, option, room);
    if (length < 0) throw refusedByKernel({ name }, readError(length));
    return room.subarray(0, length);
  }

  #open(name: string, value?: unknown): number {
    const fd = this.#fd();
    if (fd >= 0) return fd;
    throw new SocketOptionError({
      option: name,
      value,
      problem: 'the socket is closed, or its engine has no file descriptor for it',
      cure: 'read and set options while the connection is open',
    });
  }
}

function readError(errno: number): SystemError {
  return systemError(errno, 'getsockopt');
}
