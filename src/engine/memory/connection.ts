import type { Address } from '../../address.js';
import type { VirtualClock } from './clock.js';
import { Endpoint } from './endpoint.js';
import { ETIMEDOUT } from './errno.js';
import type { OptionTable } from './option-table.js';
import { Pipe } from './pipe.js';
import type { Strike, Weather } from './weather.js';
import type { Wiring } from './wiring.js';

/** How long Linux repeats unanswered segments before it gives up: tcp_retries2 = 15, ms. */
const RETRANSMISSION_LIMIT_MS = 924_600;

/** One end of a connection to be made. */
export interface End {
  /** As the client knows it. */
  readonly address: Address;
  /** As the server knows it: an IPv6 listener sees an IPv4 client under another spelling. */
  readonly seen: Address;
  readonly options: OptionTable;
}

/** Two endpoints, the two pipes between them, and what becomes of them. */
export class Connection {
  readonly id: number;
  readonly network: Wiring;
  readonly clock: VirtualClock;
  readonly weather: Weather;
  /** The end that connected. */
  readonly client: Endpoint;
  /** The end that is accepted. */
  readonly server: Endpoint;
  /** What the seed did to this connection so far. */
  strike: Strike | null = null;
  isCut = false;
  private readonly pipes: readonly Pipe[];
  private readonly waiting = new Set<Endpoint>();

  constructor(network: Wiring, weather: Weather, client: End, server: End) {
    this.id = ++network.connectionCount;
    this.network = network;
    this.clock = network.clock;
    this.weather = weather;
    this.client = new Endpoint(this, client.address, server.address, client.options);
    this.server = new Endpoint(this, server.seen, client.seen, server.options);
    const there = new Pipe(this, this.client, this.server);
    const back = new Pipe(this, this.server, this.client);
    this.pipes = [there, back];
    this.client.join(back, there);
    this.server.join(there, back);
    network.openSockets += 2;
  }

  /** Whether the seed ends the connection at this move; if so, it has. */
  strikes(): boolean {
    const strike = this.weather.struck();
    if (strike === null) return false;
    this.strike = strike;
    if (strike === 'reset') this.resetFromOutside();
    else this.cut();
    return true;
  }

  /** RST to both ends, sent by neither. */
  resetFromOutside(): void {
    this.trace(null, 'RST to both ends');
    for (const end of [this.client, this.server]) end.resetArrived();
  }

  /**
   * From now on nothing arrives, in either direction. An end learns of it only if it
   * waits for an acknowledgement, or asks by keep-alive; that takes its time.
   */
  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.trace(null, 'the line is cut');
    for (const end of [this.client, this.server]) {
      const { keepAliveMs } = end.options;
      if (keepAliveMs < Infinity) this.clock.setTimeout(() => this.giveUp(end, false), keepAliveMs);
    }
    for (const pipe of this.pipes) pipe.move();
  }

  /** The line is cut, and `sender` waits in vain for its bytes to be acknowledged. */
  unanswered(sender: Endpoint): void {
    if (this.waiting.has(sender)) return;
    this.waiting.add(sender);
    const { userTimeoutMs } = sender.options;
    const patienceMs = userTimeoutMs === 0 ? RETRANSMISSION_LIMIT_MS : userTimeoutMs;
    this.clock.setTimeout(() => this.giveUp(sender, true), patienceMs);
  }

  /** Keep-alive asks only while no bytes are waiting for an answer; then retransmission decides. */
  private giveUp(end: Endpoint, isSending: boolean): void {
    if (end.hasUnsent === isSending && !end.isClosed) end.breakWith(ETIMEDOUT);
  }

  trace(sender: Endpoint | null, event: string, data?: Buffer): void {
    const from = sender === null ? null : sender === this.client ? 'client' : 'server';
    this.network.trace?.({ atMs: this.clock.now, connection: this.id, from, event, data });
  }
}
