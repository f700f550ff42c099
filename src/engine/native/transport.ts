import { constants as os } from 'node:os';
import { type Address, ipAddress } from '../../address.js';
import { systemError } from '../../errors.js';
import { KernelSocket } from '../../options/access.js';
import type { OptionCall } from '../../options/plan.js';
import type { BufferedProtocol, Protocol } from '../../protocol.js';
import type { CloseCause } from '../../stats.js';
import type { TransportSocket } from '../../transport.js';
import type { ConnectionOwner } from '../engine.js';
import type { DescriptorOwner, Loop, Settler } from './loop.js';
import { causeOf, SendingTransport } from './sending.js';
import { decodeAddress, formatIPv4 } from './sockaddr.js';

/** Most bytes a buffered protocol receives per turn. */
const BUFFERED_READ_MAX = 64 * 1024;
/** Most receives for that: a tiny buffer costs a system call each. */
const BUFFERED_READ_CALLS = 16;
const { EAGAIN } = os.errno;

/** What the connections of one listener, or of one `connect`, have in common. */
export interface Origin {
  /** Our end, when it is the same for all; `null`: ask the kernel. */
  readonly local: Address | null;
  /** How events are handled while reading. */
  readonly receiveMode: number;
  /** The option calls made for a connection, for `socket.report()`. */
  readonly asked: readonly OptionCall[];
}

/** The peer: its address, or for IPv4 the four bytes as one integer until somebody asks. */
export interface Peer {
  readonly address: Address | null;
  readonly bits: number;
  readonly port: number;
}

/** A connection on the native loop: receiving, closing, and when epoll is told what. */
export class NativeTransport extends SendingTransport implements DescriptorOwner, Settler {
  private readonly origin: Origin;
  private remote: Address | null;
  private readonly remoteBits: number;
  private readonly remotePort: number;
  private local: Address | null;
  private access: KernelSocket | null = null;
  /** What epoll watches for us; -1: nothing, not even errors. */
  private armed: number;
  private mode: number;
  private settling = false;
  private shut = false;

  /** `fd` must be watched for input in `origin.receiveMode` already. */
  constructor(
    loop: Loop,
    fd: number,
    owner: ConnectionOwner,
    protocol: Protocol | BufferedProtocol,
    origin: Origin,
    peer: Peer,
  ) {
    super(loop, fd, owner, protocol);
    this.origin = origin;
    this.remote = peer.address;
    this.remoteBits = peer.bits;
    this.remotePort = peer.port;
    this.local = origin.local;
    this.armed = loop.c.EPOLLIN;
    this.mode = origin.receiveMode;
    loop.register(fd, this);
    loop.hold();
  }

  /** Opens; a protocol that brings its own memory needs another way to be told of input. */
  start(): void {
    this.open();
    if (this.takesOwnMemory) this.settleLater();
  }

  // ---- addresses, socket ----

  get remoteAddress(): Address {
    this.remote ??= ipAddress(formatIPv4(this.remoteBits), this.remotePort);
    return this.remote;
  }

  get localAddress(): Address {
    this.local ??= this.askLocalAddress();
    return this.local;
  }

  get socket(): TransportSocket {
    this.access ??= new KernelSocket({
      calls: this.loop.native,
      fd: () => this.fd,
      kind: this.owner.server === null ? 'client' : 'connection',
      asked: this.origin.asked,
    });
    return this.access;
  }

  // ---- receiving ----

  onData(chunk: Buffer): void {
    this.received(chunk);
  }

  onInputEnd(result: number): void {
    if (result < 0) {
      this.readFailed(result);
      return;
    }
    this.receivedEof();
    this.settleLater();
  }

  onEvent(events: number): void {
    const { EPOLLOUT, EPOLLIN, EPOLLERR, EPOLLHUP } = this.loop.c;
    if (events & EPOLLOUT && this.backlog !== null) {
      this.sendBacklog();
      this.drained();
      this.settleLater();
    }
    if (this.fd < 0) return;
    if (this.wantsInput && this.takesOwnMemory) {
      if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) this.receiveBuffered();
    } else if (events & (EPOLLERR | EPOLLHUP)) {
      this.hungUp((events & EPOLLERR) !== 0);
    }
  }

  private receiveBuffered(): void {
    let total = 0;
    for (let call = 0; call < BUFFERED_READ_CALLS && total < BUFFERED_READ_MAX; call++) {
      const memory = this.offerMemory();
      if (memory === null) return;
      const count = this.loop.native.recv(this.fd, memory);
      if (count === -EAGAIN) return;
      if (count <= 0) {
        this.onInputEnd(count);
        return;
      }
      this.receivedInto(count);
      total += count;
      if (count < memory.length || !this.wantsInput || !this.takesOwnMemory) return;
    }
  }

  private readFailed(errno: number): void {
    this.fail(systemError(errno, 'read'), causeOf(errno, 'read-error'));
  }

  /**
   * The socket reports an error or that both directions are shut while we do not
   * read. epoll cannot be told to keep quiet about these, so the socket leaves it;
   * `updateInterest` puts it back. What the peer sent before is still in the kernel
   * and is delivered on resume; after the end of input there is nothing to wait for.
   */
  private hungUp(failed: boolean): void {
    if (failed && this.eofSeen) {
      const errno = this.socketError();
      if (errno < 0) {
        this.readFailed(errno);
        return;
      }
    }
    if (this.armed < 0) return;
    this.loop.native.watch(this.loop.c.EPOLL_CTL_DEL, this.fd, 0, 0);
    this.armed = -1;
  }

  private socketError(): number {
    const { native, c } = this.loop;
    const value = Buffer.alloc(4);
    native.getsockopt(this.fd, c.SOL_SOCKET, c.SO_ERROR, value);
    return -value.readInt32LE();
  }

  protected override fail(error: Error, cause: CloseCause): void {
    this.discard(false);
    this.conclude(error, cause);
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
    if (this.fd < 0) return;
    this.dropOutput();
    this.releaseDescriptor(reset);
  }

  protected override settleLater(): void {
    if (this.settling) return;
    this.settling = true;
    this.loop.later(this);
  }

  /** After a flush: interest, the end of output, and the callbacks that are due. */
  settle(): void {
    this.settling = false;
    if (this.fd >= 0) {
      if (this.isFinishing && this.writeBufferSize === 0) this.endOutput();
      if (this.fd >= 0) this.updateInterest();
    }
    this.runDue();
  }

  /**
   * Everything is sent. close(2) sends FIN too, but also a reset if input is there or
   * still comes; so unless the peer has finished, only the write side is shut, and
   * the socket lingers.
   */
  private endOutput(): void {
    const { lingerTimeoutMs } = this.owner.settings;
    if (this.isClosing && (this.eofSeen || lingerTimeoutMs === 0)) {
      this.conclude(null);
      this.releaseDescriptor(false);
      return;
    }
    const failed = this.shut ? 0 : this.loop.native.shutdown(this.fd);
    this.shut = true;
    if (failed < 0) {
      this.readFailed(this.socketError() || failed);
    } else if (this.isClosing) {
      this.conclude(null);
      if (this.watchInput()) this.linger(lingerTimeoutMs);
      else this.releaseDescriptor(false);
    }
  }

  private linger(timeoutMs: number): void {
    const { fd, loop } = this;
    this.rememberAddresses();
    this.fd = -1;
    loop.linger(fd, timeoutMs);
    loop.release();
  }

  private releaseDescriptor(reset: boolean): void {
    const { fd, loop } = this;
    this.rememberAddresses();
    this.fd = -1;
    loop.close(fd, reset);
    loop.release();
  }

  private rememberAddresses(): void {
    if (this.local === null) this.local = this.askLocalAddress();
  }

  private askLocalAddress(): Address {
    const { native, c } = this.loop;
    const bytes = Buffer.alloc(c.SOCKADDR_UN_BYTES);
    const length = native.getsockname(this.fd, bytes);
    return decodeAddress(bytes.subarray(0, Math.max(0, length)), c);
  }

  /** Tells epoll what we wait for now, if that changed. */
  private updateInterest(): void {
    const { c } = this.loop;
    const input = this.wantsInput;
    const events = (input ? c.EPOLLIN : 0) | (this.backlog !== null ? c.EPOLLOUT : 0);
    const mode = input && !this.takesOwnMemory ? this.origin.receiveMode : c.MODE_EVENT;
    if (events === this.armed && mode === this.mode) return;
    if (this.armed < 0 && events === 0) return;
    const failed = this.arm(mode, events);
    if (failed < 0) this.fail(systemError(failed, 'epoll_ctl'), 'read-error');
  }

  /** For the linger: any way of being told of input will do. */
  private watchInput(): boolean {
    const { c } = this.loop;
    return this.armed === c.EPOLLIN || this.arm(c.MODE_EVENT, c.EPOLLIN) === 0;
  }

  private arm(mode: number, events: number): number {
    const { native, c } = this.loop;
    const operation = this.armed < 0 ? c.EPOLL_CTL_ADD : c.EPOLL_CTL_MOD;
    const failed = native.watch(operation, this.fd, mode, events);
    if (failed === 0) {
      this.armed = events;
      this.mode = mode;
    }
    return failed;
  }
}
