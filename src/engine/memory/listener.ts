import type { Address } from '../../address.js';
import { asError } from '../../errors.js';
import type { OptionCall } from '../../options/plan.js';
import { assertProtocol } from '../../protocol.js';
import type { ListenerSocket } from '../../transport.js';
import type { Listener, ListenerOwner, ListenRequest } from '../engine.js';
import type { AcceptQueue } from './accept-queue.js';
import type { Endpoint } from './endpoint.js';
import type { Host } from './host.js';
import { MemoryListenerAccess } from './option-access.js';
import { MemoryTransport } from './transport.js';

/** A listening socket of the memory network; it accepts one connection per turn. */
export class MemoryListener implements Listener {
  readonly address: Address;
  readonly socket: ListenerSocket;
  private readonly host: Host;
  private readonly owner: ListenerOwner;
  private readonly request: ListenRequest;
  private readonly queue: AcceptQueue;
  private readonly asked: readonly OptionCall[];
  private isSuspended = false;
  private isAccepting = false;
  private isReferenced = true;
  private isHeld = false;

  constructor(host: Host, owner: ListenerOwner, request: ListenRequest, queue: AcceptQueue) {
    this.host = host;
    this.owner = owner;
    this.request = request;
    this.queue = queue;
    this.address = queue.address;
    const { beforeBind, beforeListen, perConnection } = request.plan;
    this.asked = [...beforeListen, ...perConnection];
    this.socket = new MemoryListenerAccess(queue, [...beforeBind, ...beforeListen], queue.address);
  }

  start(): void {
    if (this.queue.isListening || this.queue.isClosed) return;
    this.queue.listen(this.request.backlog, () => this.acceptLater());
    this.updateHold();
  }

  suspend(): void {
    this.isSuspended = true;
  }

  resume(): void {
    this.isSuspended = false;
    this.acceptLater();
  }

  close(): void {
    this.host.unbind(this.queue);
    this.updateHold();
  }

  ref(): void {
    this.isReferenced = true;
    this.updateHold();
  }

  unref(): void {
    this.isReferenced = false;
    this.updateHold();
  }

  private get canAccept(): boolean {
    return this.queue.hasWaiting && !this.isSuspended && this.owner.acceptRoom() > 0;
  }

  private acceptLater(): void {
    if (this.isAccepting || !this.canAccept) return;
    this.isAccepting = true;
    this.host.network.clock.inTransit(0, () => {
      this.isAccepting = false;
      if (!this.canAccept) return;
      this.accepted(this.queue.accept() as Endpoint);
      this.acceptLater();
    });
  }

  private accepted(endpoint: Endpoint): void {
    const { owner, host } = this;
    try {
      const protocol = owner.createProtocol();
      assertProtocol(protocol);
      endpoint.options.apply(this.request.plan.perConnection);
      new MemoryTransport(host.network, owner, protocol, endpoint, this.asked).start();
    } catch (thrown) {
      endpoint.close();
      owner.refused(asError(thrown));
    }
  }

  private updateHold(): void {
    const wanted = this.queue.isListening && this.isReferenced;
    if (wanted === this.isHeld) return;
    this.isHeld = wanted;
    if (wanted) this.host.network.hold();
    else this.host.network.release();
  }
}
