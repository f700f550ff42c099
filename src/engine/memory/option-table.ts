/**
 * The socket options of the memory network: those that mean something in it, and
 * those that nearly every program sets. They read back as on Linux: SO_SNDBUF and
 * SO_RCVBUF doubled (socket(7)), and a new connection has a copy of its listener's.
 * All others are refused; pretending to have them would only hide mistakes.
 */
import {
  findOption,
  optionLevels,
  type SocketOption,
  type SocketOptionName,
  socketOptions,
} from '../../options/catalogue.js';
import { decodeOption, ints } from '../../options/codec.js';
import { SocketOptionError } from '../../options/error.js';
import type { OptionCall } from '../../options/plan.js';

/** How many bytes a socket's buffers hold until SO_SNDBUF and SO_RCVBUF say otherwise. */
export interface BufferSizes {
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
}

/** The smallest buffers of Linux on x64, as getsockopt(2) reports them, bytes. */
const SEND_BUFFER_MIN = 4608;
const RECEIVE_BUFFER_MIN = 2304;

/** Every option there is, with its value on a new socket. The sizes of buffers are the network's. */
const initial = {
  SO_TYPE: ints(1),
  SO_REUSEADDR: ints(0),
  SO_REUSEPORT: ints(0),
  SO_KEEPALIVE: ints(0),
  SO_LINGER: ints(0, 0),
  SO_SNDBUF: ints(0),
  SO_RCVBUF: ints(0),
  TCP_NODELAY: ints(0),
  TCP_QUICKACK: ints(1),
  TCP_KEEPIDLE: ints(7200),
  TCP_KEEPINTVL: ints(75),
  TCP_KEEPCNT: ints(9),
  TCP_USER_TIMEOUT: ints(0),
  IPV6_V6ONLY: ints(0),
} satisfies Partial<Record<SocketOptionName, Buffer>>;

type Name = keyof typeof initial;

const nameByNumber = new Map<string, Name>();
for (const name of Object.keys(initial) as Name[]) {
  const { level, number } = findOption(name) as SocketOption;
  nameByNumber.set(`${optionLevels[level]}:${number}`, name);
}

/** What getsockopt(2) and setsockopt(2) see of one socket. */
export class OptionTable {
  /** Bytes that the buffers hold: half of what SO_SNDBUF and SO_RCVBUF say. */
  sendBufferBytes: number;
  receiveBufferBytes: number;
  private readonly values: Map<Name, Buffer>;

  constructor(sizes: BufferSizes, values?: ReadonlyMap<Name, Buffer>) {
    this.values = new Map(values ?? (Object.entries(initial) as [Name, Buffer][]));
    this.sendBufferBytes = sizes.sendBufferBytes;
    this.receiveBufferBytes = sizes.receiveBufferBytes;
  }

  /** The options of a connection that comes from this listener. */
  inherited(): OptionTable {
    return new OptionTable(this, this.values);
  }

  /** How long an idle connection may be cut off before keep-alive notices; `Infinity`: it is off. */
  get keepAliveMs(): number {
    if (this.int('SO_KEEPALIVE') === 0) return Infinity;
    const probing = this.int('TCP_KEEPINTVL') * this.int('TCP_KEEPCNT');
    return (this.int('TCP_KEEPIDLE') + probing) * 1000;
  }

  /** TCP_USER_TIMEOUT; 0: as long as retransmission takes. */
  get userTimeoutMs(): number {
    return this.int('TCP_USER_TIMEOUT');
  }

  turnOn(name: Name): void {
    this.values.set(name, ints(1));
  }

  /** Does what a plan says. @throws SocketOptionError */
  apply(calls: readonly OptionCall[]): void {
    for (const call of calls) this.set(call.level, call.option, call.value, call.asked);
  }

  /** getsockopt(2): the number of bytes put into `into`. @throws SocketOptionError */
  get(level: number, option: number, into: Buffer): number {
    const name = nameOf(level, option);
    if (name === 'SO_SNDBUF') return ints(2 * this.sendBufferBytes).copy(into);
    if (name === 'SO_RCVBUF') return ints(2 * this.receiveBufferBytes).copy(into);
    return (this.values.get(name) as Buffer).copy(into);
  }

  /** setsockopt(2). @throws SocketOptionError */
  set(level: number, option: number, value: Buffer, asked?: unknown): void {
    const name = nameOf(level, option, asked);
    this.values.set(name, value);
    if (name === 'SO_SNDBUF') this.sendBufferBytes = this.bufferSize(name, SEND_BUFFER_MIN);
    if (name === 'SO_RCVBUF') this.receiveBufferBytes = this.bufferSize(name, RECEIVE_BUFFER_MIN);
  }

  private bufferSize(name: Name, min: number): number {
    return Math.max(min / 2, this.int(name));
  }

  private int(name: Name): number {
    return Number(decodeOption(findOption(name) as SocketOption, this.values.get(name) as Buffer));
  }
}

function nameOf(level: number, option: number, asked?: unknown): Name {
  const name = nameByNumber.get(`${level}:${option}`);
  if (name !== undefined) return name;
  throw new SocketOptionError({
    option: catalogueName(level, option),
    value: asked,
    problem: 'the memory engine does not have it',
    cure: `it has ${Object.keys(initial).join(', ')}; the others need a real socket`,
  });
}

function catalogueName(level: number, option: number): string {
  const known = socketOptions.find(
    (entry) => optionLevels[entry.level] === level && entry.number === option,
  );
  return known?.name ?? `option ${option} of level ${level}`;
}
