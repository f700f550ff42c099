import type { Address } from '../../address.js';
import { BaseTransport } from '../../base-transport.js';
import { systemError } from '../../errors.js';
import type { OptionCall } from '../../options/plan.js';
import type { BufferedProtocol, Protocol } from '../../protocol.js';
import type { CloseCause } from '../../stats.js';
import type { TransportSocket } from '../../transport.js';
import type { ConnectionOwner } from '../engine.js';
import { ByteQueue } from './byte-queue.js';
import type { VirtualClock } from './clock.js';
import type { Endpoint, EndpointOwner } from './endpoint.js';
import { EAGAIN, ECONNRESET, ETIMEDOUT } from './errno.js';
import { discardInput } from './linger.js';
import { MemorySocketAccess } from './option-access.js';

/** Most bytes that a protocol gets per turn. */
const READ_MAX = 64 * 1024;

/** What a transport needs of its network. */
export interface TransportHome {
  readonly clock: VirtualClock;
  /** Keeps the process alive until as many `release` calls. */
  hold(): void;
  release(): void;
}

/**
 * A connection of the memory network.
 *
 * A write goes into the endpoint's send buffer at once; what it has no room for is
 * the backlog, which follows whenever there is room. Everything that the state
 * machine asks for happens in `settle`, an event of its own.
 */
export class MemoryTransport extends BaseTransport implements EndpointOwner {
  private readonly home: TransportHome;
  private readonly endpoint: Endpoint;
  private readonly asked: readonly OptionCall[];
  private access: MemorySocketAccess | null = null;
  private readonly backlog = new ByteQueue();
  private isSettling = false;
  private isShut = false;
  private isReleased = false;
  bytesWritten = 0;

  constructor(
    home: TransportHome,
    owner: ConnectionOwner,
    protocol: Protocol | BufferedProtocol,
    endpoint: Endpoint,
    asked: readonly OptionCall[],
  ) {
    super(owner, protocol);
    this.home = home;
    this.endpoint = endpoint;
    this.asked = asked;
    endpoint.owner = this;
    home.hold();
  }

  start(): void {
    this.open();
    this.settleLater();
  }

  get remoteAddress(): Address {
    return this.endpoint.remote;
  }

  get localAddress(): Address {
    return this.endpoint.local;
  }

  get socket(): TransportSocket {
    const kind = this.owner.server === null ? 'client' : 'connection';
    this.access ??= new MemorySocketAccess(this.endpoint, kind, this.asked);
    return this.access;
  }

  get writeBufferSize(): number {
    return this.backlog.length;
  }

  // ---- writing ----

  protected override send(data: Uint8Array | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const sent = this.backlog.length > 0 ? 0 : this.sendNow(bytes);
    if (!this.isReleased) this.backlog.push(bytes.subarray(sent));
  }

  protected override sendMany(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      if (chunk.length > 0 && !this.isReleased) this.send(chunk);
    }
  }

  /** How many of the bytes the network took. */
  private sendNow(bytes: Uint8Array): number {
    const result = this.endpoint.send(bytes);
    if (result === EAGAIN) return 0;
    if (result < 0) {
      this.fail(result, 'write');
      return 0;
    }
    this.bytesWritten += result;
    return result;
  }

  outputChanged(): void {
    this.sendBacklog();
    this.drained();
    this.settleLater();
  }

  private sendBacklog(): void {
    while (this.backlog.length > 0 && !this.isReleased) {
      const sent = this.sendNow(this.backlog.peek(READ_MAX));
      if (sent === 0) return;
      this.backlog.take(sent);
    }
  }

  // ---- receiving ----

  /** Bytes, FIN or an error arrived. Errors show when writing too, also while reading is paused. */
  inputChanged(): void {
    if (this.endpoint.hasError && this.backlog.length > 0) this.sendBacklog();
    if (this.isReleased) return;
    if (this.wantsInput) this.receive();
    else if (this.eofSeen && this.endpoint.hasError) this.fail(this.endpoint.takeError(), 'read');
  }

  private receive(): void {
    if (this.takesOwnMemory) this.receiveInto();
    else this.gotInput(this.endpoint.receive(READ_MAX));
    if (this.wantsInput && this.endpoint.hasInput) this.settleLater();
  }

  private receiveInto(): void {
    const memory = this.offerMemory();
    if (memory === null) return;
    const result = this.endpoint.receive(Math.min(READ_MAX, memory.length));
    if (typeof result === 'number') {
      this.gotInput(result);
      return;
    }
    memory.set(result);
    this.receivedInto(result.length);
  }

  private gotInput(result: Buffer | number): void {
    if (typeof result !== 'number') this.received(result);
    else if (result === 0) this.receivedEof();
    else if (result !== EAGAIN) this.fail(result, 'read');
  }

  private fail(errno: number, syscall: 'read' | 'write'): void {
    this.discard(false);
    this.conclude(systemError(errno, syscall), causeOf(errno, `${syscall}-error`));
  }

  // ---- what the state machine asks for ----

  protected override finishOutput(): void {
    this.settleLater();
  }

  protected override readingChanged(): void {
    this.settleLater();
  }

  protected override defer(): void {
    this.settleLater();
  }

  protected override discard(reset: boolean): void {
    this.backlog.clear();
    if (this.isReleased) return;
    if (reset) this.endpoint.reset();
    else this.endpoint.close();
    this.release();
  }

  private settleLater(): void {
    if (this.isSettling) return;
    this.isSettling = true;
    this.home.clock.inTransit(0, () => this.settle());
  }

  private settle(): void {
    this.isSettling = false;
    if (!this.isReleased && this.isFinishing && this.backlog.length === 0) this.endOutput();
    this.runDue();
    if (!this.isReleased && this.endpoint.hasInput) this.inputChanged();
  }

  private endOutput(): void {
    const failed = this.isShut ? 0 : this.endpoint.shutdown();
    this.isShut = true;
    if (failed < 0) this.fail(this.endpoint.takeError() || failed, 'read');
    else if (this.isClosing) {
      this.conclude(null);
      this.releaseInOrder();
    }
  }

  /** FIN is sent. Only when the peer's has come too can the socket be closed without risking a reset. */
  private releaseInOrder(): void {
    const { lingerTimeoutMs } = this.owner.settings;
    if (this.eofSeen || lingerTimeoutMs === 0) this.endpoint.close();
    else discardInput(this.endpoint, this.home, lingerTimeoutMs);
    this.release();
  }

  private release(): void {
    this.isReleased = true;
    this.home.release();
  }
}

function causeOf(errno: number, otherwise: CloseCause): CloseCause {
  if (errno === ECONNRESET) return 'peer-reset';
  return errno === ETIMEDOUT ? 'timeout' : otherwise;
}
