import type { Server, Socket } from 'node:net';
import { KernelSocket, type OptionCalls, type SocketKind } from '../../options/access.js';
import type {
  OptionReport,
  SettableOptionName,
  SocketOptionName,
  SocketOptionValue,
} from '../../options/catalogue.js';
import { encodeOption } from '../../options/codec.js';
import { SocketOptionError } from '../../options/error.js';
import { knownOption, settableOption } from '../../options/lookup.js';
import type { OptionCall } from '../../options/plan.js';
import type { TcpInfo } from '../../options/tcp-info.js';
import type { TransportSocket } from '../../transport.js';
import { descriptorOf } from './handle.js';
import { askedOf, beyondNode, checkNodeOptions, setByNode } from './options.js';

/** Access to a socket's options: the kernel's where there are calls for it, else what Node offers. */
export function socketAccess(
  calls: OptionCalls | null,
  owner: Socket | Server,
  kind: SocketKind,
  asked: readonly OptionCall[],
): TransportSocket {
  const fd = () => descriptorOf(owner);
  if (calls !== null) return new KernelSocket({ calls, fd, kind, asked });
  return new NodeSocket(fd, kind === 'listener' ? null : (owner as Socket), asked);
}

const CANNOT_READ = 'node:net cannot read socket options';

/** The options of a socket where only Node itself can set any. */
class NodeSocket implements TransportSocket {
  readonly #fd: () => number;
  /** `null` for a listener, of which node:net sets nothing. */
  readonly #socket: Socket | null;
  readonly #asked: Map<string, unknown>;

  constructor(fd: () => number, socket: Socket | null, asked: readonly OptionCall[]) {
    this.#fd = fd;
    this.#socket = socket;
    this.#asked = askedOf(asked);
  }

  get fd(): number {
    return this.#fd();
  }

  get<K extends SocketOptionName>(name: K): SocketOptionValue<K> {
    knownOption(name);
    throw beyondNode({ name }, CANNOT_READ);
  }

  set<K extends SettableOptionName>(name: K, value: SocketOptionValue<K>): void {
    encodeOption(settableOption(name, value), value);
    const call = { name, asked: value };
    if (this.#socket === null) throw beyondNode(call, 'node:net sets no options on a listener');
    if (this.#socket.destroyed) throw closed(call);
    const asked = new Map(this.#asked).set(name, value);
    checkNodeOptions(asked);
    setByNode(this.#socket, asked);
    this.#asked.set(name, value);
  }

  getRaw(level: number, option: number, _byteLength: number): Buffer {
    throw beyondNode({ name: `option ${option} of level ${level}` }, CANNOT_READ);
  }

  setRaw(level: number, option: number, value: Buffer | number): void {
    const name = `option ${option} of level ${level}`;
    throw beyondNode({ name, asked: value }, 'node:net cannot set an option by number');
  }

  tcpInfo(): TcpInfo {
    return this.get('TCP_INFO');
  }

  report(): OptionReport[] {
    const reason = 'set through node:net, which cannot read it back';
    return [...this.#asked].map(([name, asked]) => ({ name, asked, got: undefined, reason }));
  }
}

function closed(call: { readonly name: string; readonly asked: unknown }): SocketOptionError {
  return new SocketOptionError({
    option: call.name,
    value: call.asked,
    problem: 'the socket is closed',
    cure: 'set options while the connection is open',
  });
}
