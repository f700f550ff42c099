import type { Address } from '../address.js';
import type { Engine } from '../engine/engine.js';
import type { AcceptQueue } from '../engine/memory/accept-queue.js';
import { type Clock, VirtualClock } from '../engine/memory/clock.js';
import { MemoryEngine } from '../engine/memory/engine.js';
import { connectFrom } from '../engine/memory/handshake.js';
import { Host } from '../engine/memory/host.js';
import { Random } from '../engine/memory/random.js';
import type { Faults } from '../engine/memory/weather.js';
import { type TraceEvent, Wiring } from '../engine/memory/wiring.js';
import { codedError } from '../errors.js';
import { MemoryPeer } from './memory-peer.js';
import { Waiting } from './waiting.js';

const DEFAULT_BUFFER_BYTES = 64 * 1024;
const DEFAULT_MAX_DELAY_MS = 20;
/** The addresses of the host that `network.engine` runs on, besides loopback. */
const FIRST_HOST = ['10.0.0.1', 'fd00::1'];

/** What a memory network is like. Everything that is left to chance follows from the seed. */
export interface MemoryNetworkOptions {
  /** 0 to 2^32 - 1; default 1. The same seed and the same code give the same run, event by event. */
  seed?: number;
  /**
   * How bytes are cut into the pieces that arrive together. `seeded` (the default): each
   * connection in a way of its own, from whole to single bytes. `whole`: never. `bytes`:
   * one at a time. Only the first 4 KiB of a direction are cut finely, so that long transfers end.
   */
  chunks?: 'seeded' | 'whole' | 'bytes';
  /** How long anything may take to arrive, virtual ms; default 20. Connections overtake each other by it. */
  maxDelayMs?: number;
  /** What goes wrong, and how likely it is for each connection, 0 to 1; default: nothing. */
  faults?: Faults;
  /** What the network takes from a sender ahead of the receiver, bytes; default 64 KiB. SO_SNDBUF changes it. */
  sendBufferBytes?: number;
  /** What waits unread at a receiver, bytes; default 64 KiB. SO_RCVBUF changes it. */
  receiveBufferBytes?: number;
  /** `real`: timers of the network take as long as real ones, for tests that mix both. Default `virtual`. */
  timers?: 'virtual' | 'real';
  /** Told of everything that arrives. */
  trace?(event: TraceEvent): void;
}

/** A machine in the network. Each has a loopback interface, ports and unix names of its own. */
export interface MemoryHost {
  /** For `createServer` and `connect`. It binds to this host's addresses, to loopback, or to all. */
  readonly engine: Engine;
  /** A bare connection from this host. Rejects as `connect` does: ECONNREFUSED, ENOENT, … */
  connectPeer(address: Address, options?: MemoryPeerOptions): Promise<MemoryPeer>;
  /** A bare listener on this host, for clients under test. @throws SystemError EADDRINUSE, EADDRNOTAVAIL */
  listenPeer(address: Address, options?: MemoryPeerOptions): MemoryPeerListener;
}

/** How a bare connection begins. */
export interface MemoryPeerOptions {
  /** Do not read until `resume`. */
  readonly paused?: boolean;
}

/** Accepts bare connections. */
export interface MemoryPeerListener {
  readonly address: Address;
  /** Resolves to the next connection. */
  accept(): Promise<MemoryPeer>;
  /** Frees the address; connections that nobody accepted are reset. */
  close(): void;
}

/** A network of its own, in this process, with no sockets and no real time in it. */
export interface MemoryNetwork extends MemoryHost {
  readonly seed: number;
  /** Virtual time, also for protocols under test: real timers know nothing of it. */
  readonly clock: Clock;
  /** Another host. Its addresses are free to choose; by default 10.0.0.2, 10.0.0.3, … */
  host(...addresses: string[]): MemoryHost;
  /** Resolves when nothing is in transit and all code has reacted. Timers stay where they are. */
  idle(): Promise<void>;
  /** Lets virtual time pass: whatever is due in the next `ms` happens. */
  advance(ms: number): Promise<void>;
  /** Lets virtual time pass until the condition holds; after an hour of it, rejects with `inVain()`. */
  until(condition: () => boolean, inVain?: () => Error): Promise<void>;
  /** Ends of connections and listeners that nobody has closed, of peers too; for finding leaks. */
  readonly openSockets: number;
  /** Pulls the plug: nothing happens any more. For the end of a test that leaves connections behind. */
  stop(): void;
}

/**
 * Makes a network. Two of them have nothing to do with each other.
 *
 * @throws RangeError for a seed that is not a whole number from 0 to 2^32 - 1
 */
export function createMemoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  return new Network(options);
}

class HostAccess implements MemoryHost {
  readonly engine: Engine;
  readonly waiting: Waiting;
  readonly home: Host;

  constructor(home: Host, waiting: Waiting) {
    this.home = home;
    this.waiting = waiting;
    this.engine = new MemoryEngine(home);
  }

  async connectPeer(address: Address, options: MemoryPeerOptions = {}): Promise<MemoryPeer> {
    const endpoint = await connectFrom(this.home, { address, options: this.home.newOptions() });
    return new MemoryPeer(endpoint, this.waiting, options.paused);
  }

  listenPeer(address: Address, options: MemoryPeerOptions = {}): MemoryPeerListener {
    const { home, waiting } = this;
    const queue = home.bind({
      address,
      ipv6Only: false,
      reusePort: false,
      options: home.newOptions(),
    });
    queue.listen(511, () => waiting.notify());
    return {
      address: queue.address,
      accept: () => accept(queue, waiting, options),
      close: () => home.unbind(queue),
    };
  }
}

async function accept(
  queue: AcceptQueue,
  waiting: Waiting,
  options: MemoryPeerOptions,
): Promise<MemoryPeer> {
  const inVain = () => new Error(`nobody has connected to ${queue.address}, and nobody will`);
  await waiting.until(() => queue.hasWaiting, inVain);
  return new MemoryPeer(queue.accept()!, waiting, options.paused);
}

/** The network with what `checkSeeds` needs besides. */
export class Network extends HostAccess implements MemoryNetwork {
  readonly seed: number;
  readonly clock: VirtualClock;
  private readonly wiring: Wiring;
  private hostCount = 1;

  constructor(options: MemoryNetworkOptions) {
    const seed = checkSeed(options.seed ?? 1);
    const wiring = new Wiring({
      clock: new VirtualClock(options.timers === 'real'),
      random: new Random(seed),
      climate: {
        chunks: options.chunks ?? 'seeded',
        maxDelayMs: options.maxDelayMs ?? DEFAULT_MAX_DELAY_MS,
        faults: options.faults ?? {},
      },
      sizes: {
        sendBufferBytes: options.sendBufferBytes ?? DEFAULT_BUFFER_BYTES,
        receiveBufferBytes: options.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES,
      },
      trace: options.trace?.bind(options) ?? null,
    });
    super(new Host(wiring, FIRST_HOST), new Waiting(wiring.clock));
    this.seed = seed;
    this.wiring = wiring;
    this.clock = wiring.clock;
  }

  host(...addresses: string[]): MemoryHost {
    this.hostCount++;
    const given = addresses.length > 0 ? addresses : [`10.0.0.${this.hostCount}`];
    return new HostAccess(new Host(this.wiring, given), this.waiting);
  }

  idle(): Promise<void> {
    return this.clock.idle();
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  until(condition: () => boolean, inVain = () => new Error(`waited in vain for ${condition}`)) {
    return this.waiting.until(condition, inVain);
  }

  get openSockets(): number {
    return this.wiring.openSockets;
  }

  stop(): void {
    this.wiring.stop();
  }
}

function checkSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw codedError(
    new RangeError(`seed must be a whole number from 0 to 2^32 - 1; got ${seed}`),
    'ERR_OUT_OF_RANGE',
  );
}
