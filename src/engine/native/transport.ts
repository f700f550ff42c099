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

/** `interest` when epoll does not watch the socket at all, not even for errors. */
const UNWATCHED = -1;
const MODE_SHIFT = 16;
/** `settle` is scheduled. */
const SETTLING = 1;
/** shutdown(2) was called. */
const SHUT = 2;

/** A connection on the native loop: receiving, closing, and when epoll is told what. */
export class NativeTransport extends SendingTransport implements DescriptorOwner, Settler {
  private readonly origin: Origin;
  /** The peer; an IPv4 one as its four bytes in an integer until somebody asks. */
  private remote: Address | number;
  private readonly remotePort: number;
  private local: Address | null;
  private access: KernelSocket | null = null;
  /** What epoll watches for us: events, and the mode above them. */
  private interest: number;
  private state = 0;

  /**
   * `fd` must be watched for input in `origin.receiveMode` already.
   *
   * @param remote the peer, or its IPv4 address as one big-endian integer, of `remotePort`
   */
  constructor(
    loop: Loop,
    fd: number,
    owner: ConnectionOwner,
    protocol: Protocol | BufferedProtocol,
    origin: Origin,
    remote: Address | number,
    remotePort = 0,
  ) {
    super(loop, fd, owner, protocol);
    this.origin = origin;
    this.remote = remote;
    this.remotePort = remotePort;
    this.local = origin.local;
    this.interest = (origin.receiveMode << MODE_SHIFT) | loop.c.EPOLLIN;
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
    if (typeof this.remote === 'number') {
      this.remote = ipAddress(formatIPv4(this.remote), this.remotePort);
    }
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
      const count = this.loop.native.recv(this.fd, memory, this.origin.receiveMode);
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
    if (this.interest === UNWATCHED) return;
    this.loop.native.watch(this.loop.c.EPOLL_CTL_DEL, this.fd, 0, 0);
    this.interest = UNWATCHED;
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
    if (this.state & SETTLING) return;
    this.state |= SETTLING;
    this.loop.later(this);
  }

  /** After a flush: interest, the end of output, and the callbacks that are due. */
  settle(): void {
    this.state &= ~SETTLING;
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
    const failed = this.state & SHUT ? 0 : this.loop.native.shutdown(this.fd);
    this.state |= SHUT;
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
    if (this.interest === ((mode << MODE_SHIFT) | events)) return;
    if (this.interest === UNWATCHED && events === 0) return;
    const failed = this.arm(mode, events);
    if (failed < 0) this.fail(systemError(failed, 'epoll_ctl'), 'read-error');
  }

  /** For the linger: any way of being told of input will do. */
  private watchInput(): boolean {
    const { c } = this.loop;
    return (this.interest & 0xffff) === c.EPOLLIN || this.arm(c.MODE_EVENT, c.EPOLLIN) === 0;
  }

  private arm(mode: number, events: number): number {
    const { native, c } = this.loop;
    const operation = this.interest === UNWATCHED ? c.EPOLL_CTL_ADD : c.EPOLL_CTL_MOD;
    const failed = native.watch(operation, this.fd, mode, events);
    if (failed === 0) this.interest = (mode << MODE_SHIFT) | events;
    return failed;
  }
}
