import type { VirtualClock } from './clock.js';
import type { Host } from './host.js';
import type { BufferSizes } from './option-table.js';
import type { Random } from './random.js';
import type { Climate } from './weather.js';

/** Something that happened on the way between two ends, for traces. */
export interface TraceEvent {
  readonly atMs: number;
  /** Connections are numbered from 1 in the order in which they are made. */
  readonly connection: number;
  /** Whose; `null`: of the network itself. */
  readonly from: 'client' | 'server' | null;
  /** `bytes`, `FIN`, `RST`, or a few words. */
  readonly event: string;
  /** The bytes that arrived. */
  readonly data?: Buffer | undefined;
}

/** What all parts of one network share. */
export class Wiring implements BufferSizes {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly climate: Climate;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly trace: ((event: TraceEvent) => void) | null;
  /** By each of their addresses. */
  readonly hosts = new Map<string, Host>();
  /** Ends of connections and listeners that nobody has closed. */
  openSockets = 0;
  connectionCount = 0;
  private held = 0;
  private isStopped = false;
  private keepAlive: NodeJS.Timeout | undefined;

  constructor(parts: {
    readonly clock: VirtualClock;
    readonly random: Random;
    readonly climate: Climate;
    readonly sizes: BufferSizes;
    readonly trace: ((event: TraceEvent) => void) | null;
  }) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.climate = parts.climate;
    this.sendBufferBytes = parts.sizes.sendBufferBytes;
    this.receiveBufferBytes = parts.sizes.receiveBufferBytes;
    this.trace = parts.trace;
  }

  /** Keeps the event loop alive until as many `release` calls: Node itself sees no socket that would. */
  hold(): void {
    if (this.held++ === 0 && !this.isStopped) this.keepAlive = setInterval(() => {}, 2 ** 31 - 1);
  }

  release(): void {
    if (--this.held === 0) clearInterval(this.keepAlive);
  }

  /** Pulls the plug: nothing happens any more, and nothing is held. */
  stop(): void {
    this.isStopped = true;
    this.clock.stop();
    clearInterval(this.keepAlive);
  }
}
