import type { Timer } from './clock.js';
import type { Endpoint, EndpointOwner } from './endpoint.js';
import { EAGAIN } from './errno.js';
import type { TransportHome } from './transport.js';

/**
 * The write side of `endpoint` is shut: reads and drops input until the peer's FIN
 * or until the time is over, then closes, so that closing cannot destroy a reply in
 * flight with a reset.
 */
export function discardInput(endpoint: Endpoint, home: TransportHome, timeoutMs: number): void {
  const lingerer = new Lingerer(endpoint, home, timeoutMs);
  endpoint.owner = lingerer;
  lingerer.inputChanged();
}

class Lingerer implements EndpointOwner {
  private readonly endpoint: Endpoint;
  private readonly home: TransportHome;
  private readonly timer: Timer;

  constructor(endpoint: Endpoint, home: TransportHome, timeoutMs: number) {
    this.endpoint = endpoint;
    this.home = home;
    this.timer = home.clock.setTimeout(() => this.end(), timeoutMs);
    home.hold();
  }

  inputChanged(): void {
    for (;;) {
      const result = this.endpoint.receive(Infinity);
      if (result === EAGAIN) return;
      if (typeof result === 'number') {
        this.end();
        return;
      }
    }
  }

  outputChanged(): void {}

  private end(): void {
    this.home.clock.clearTimeout(this.timer);
    this.endpoint.close();
    this.home.release();
  }
}
