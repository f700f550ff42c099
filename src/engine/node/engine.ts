import type { Address } from '../../address.js';
import type { OptionCalls } from '../../options/access.js';
import type { Transport } from '../../transport.js';
import { familyOf } from '../descriptor.js';
import type {
  ConnectionOwner,
  DialRequest,
  Engine,
  Listener,
  ListenerOwner,
  ListenRequest,
} from '../engine.js';
import { dial } from './dialer.js';
import { LoopHold } from './hold.js';
import { listen } from './listener.js';
import type { NodeEnvironment } from './transport.js';

/**
 * The engine on node:net, for every platform that Node runs on.
 *
 * What it promises less than the native engine, because node:net cannot:
 * - a listener listens from `listen` on; whoever connects before `start`, while
 *   suspended, or above the owner's room is accepted and waits unserved, up to the
 *   backlog, beyond which clients are turned away with a reset and counted as refused;
 * - a client that comes when descriptors have run out is closed by libuv, uncounted;
 * - closing a listener on a path removes whatever has that path by then;
 * - an adopted descriptor above 15 is not marked close-on-exec (Node marks the first ones);
 * - before Node 22, abstract names of unix sockets are refused;
 * - options are set only where `nodeServerPlan` and `nodeClientPlan` say so, and read
 *   only where the addon is loaded;
 * - after the peer's FIN a reset is noticed by the next write, not before;
 * - when a write fails, up to 64 KiB that the kernel had taken may not be counted;
 * - the path of an adopted unix socket is empty; without the addon a descriptor
 *   that is refused is closed;
 * - a small write costs a copy as everywhere, a large one too, and so does every
 *   receive of a `BufferedProtocol`;
 * - microtasks run between callbacks of one turn.
 */
export class NodeEngine implements Engine {
  readonly name = 'node';
  /** Only where the addon is loaded. */
  readonly familyOf?: (fd: number) => Address['family'];
  private readonly environment: NodeEnvironment;

  /** @param calls what reads and sets socket options, where the addon is loaded */
  constructor(calls: OptionCalls | null = null) {
    this.environment = { calls, hold: new LoopHold() };
    if (calls !== null) this.familyOf = (fd) => familyOf(calls, fd);
  }

  listen(request: ListenRequest, owner: ListenerOwner): Promise<Listener> {
    return listen(this.environment, request, owner);
  }

  dial(request: DialRequest, owner: ConnectionOwner): Promise<Transport> {
    return dial(this.environment, request, owner);
  }
}
