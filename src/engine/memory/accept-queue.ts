import type { Address } from '../../address.js';
import type { Endpoint } from './endpoint.js';
import type { OptionTable } from './option-table.js';
import type { Wiring } from './wiring.js';

/** net.core.somaxconn: what listen(2) caps a backlog at. */
const SOMAXCONN = 4096;

/**
 * A bound socket as the kernel keeps it. Once it listens, connections are completed
 * without the program and wait here. The queue holds one more than the backlog, as
 * Linux's does; when it is full, a client's SYN is dropped, and the client tries
 * again later.
 */
export class AcceptQueue {
  readonly address: Address;
  readonly ipv6Only: boolean;
  readonly reusePort: boolean;
  readonly options: OptionTable;
  isClosed = false;
  private readonly network: Wiring;
  private readonly waiting: Endpoint[] = [];
  private capacity = 0;
  private onArrival: (() => void) | null = null;

  constructor(
    network: Wiring,
    socket: {
      readonly address: Address;
      readonly ipv6Only: boolean;
      readonly reusePort: boolean;
      readonly options: OptionTable;
    },
  ) {
    this.network = network;
    this.address = socket.address;
    this.ipv6Only = socket.ipv6Only;
    this.reusePort = socket.reusePort;
    this.options = socket.options;
    network.openSockets++;
  }

  get isListening(): boolean {
    return this.onArrival !== null && !this.isClosed;
  }

  get isFull(): boolean {
    return this.waiting.length >= this.capacity;
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** listen(2). `onArrival` is called for each connection. */
  listen(backlog: number, onArrival: () => void): void {
    this.capacity = Math.min(backlog, SOMAXCONN) + 1;
    this.onArrival = onArrival;
  }

  arrived(endpoint: Endpoint): void {
    this.waiting.push(endpoint);
    this.onArrival?.();
  }

  accept(): Endpoint | undefined {
    return this.waiting.shift();
  }

  /** Who still waits is reset. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.network.openSockets--;
    for (const endpoint of this.waiting.splice(0)) endpoint.reset();
  }
}
