import { constants as os } from 'node:os';
import { type Address, ipAddress } from '../../address.js';
import { BaseTransport } from '../../base-transport.js';
import { systemError } from '../../errors.js';
import { KernelSocket } from '../../options/access.js';
import type { OptionCall } from '../../options/plan.js';
import type { BufferedProtocol, Protocol } from '../../protocol.js';
import type { CloseCause } from '../../stats.js';
import type { TransportSocket } from '../../transport.js';
import type { ConnectionOwner } from '../engine.js';
import { Backlog } from './backlog.js';
import type { DescriptorOwner, Loop, Sender, Settler } from './loop.js';
import { decodeAddress, formatIPv4 } from './sockaddr.js';

/** From this size on a write goes to the kernel at once instead of being copied into the turn's batch, bytes. */
const DIRECT_BYTES = 16 * 1024;
/** Most bytes a buffered protocol receives per turn. */
const BUFFERED_READ_MAX = 64 * 1024;
/** Most receives for that: a tiny buffer costs a system call each. */
const BUFFERED_READ_CALLS = 16;
const NOTHING = new Uint8Array(0);
const { EAGAIN, ECONNRESET, ETIMEDOUT } = os.errno;

/** An address, or for IPv4 its four bytes as one integer: most connections are never asked for theirs. */
export type CompactHost = number | string;

/** What makes a transport: its socket and what is known of it. */
export interface Connection {
  readonly fd: number;
  readonly remote: Address | null;
  /** `null`: ask the kernel when needed. */
  readonly local: Address | null;
  /** Calls made for this connection, for `socket.report()`. */
  readonly asked: readonly OptionCall[];
}

/**
 * A connection on the native loop.
 *
 * Writing: small writes are appended to the loop's `out` memory as operations of
 * the current turn (a chain per connection, sent with one call); a large one goes
 * to the kernel at once, behind its chain; what the kernel does not take becomes
 * the backlog, which is sent whenever the socket is writable again.
 */
export class NativeTransport extends BaseTransport implements DescriptorOwner, Settler, Sender {
  private readonly loop: Loop;
  private fd: number;
  private readonly asked: readonly OptionCall[];
  private remote: Address | null;
  private local: Address | null;
  /** The peer's IPv4 address and port until somebody asks for `remoteAddress`. */
  private readonly remoteBits: number;
  private readonly remotePort: number;
  private access: KernelSocket | null = null;

  /** The chain of operations of this turn: valid while `epoch` is the loop's. */
  private epoch: number;
  private firstOp = 0;
  private lastOp = 0;
  private chainBytes = 0;
  private backlog: Backlog | null = null;
  private acceptedBytes = 0;

  /** What epoll watches for us; -1: nothing, not even errors. */
  private armed: number;
  private mode: number;
  private readonly receiveMode: number;
  private settling = false;
  private shut = false;

  constructor(
    loop: Loop,
    owner: ConnectionOwner,
    protocol: Protocol | BufferedProtocol,
    connection: Connection,
    mode: number,
    remoteBits = 0,
    remotePort = 0,
  ) {
    super(owner, protocol);
    this.loop = loop;
    this.fd = connection.fd;
    this.asked = connection.asked;
    this.remote = connection.remote;
    this.local = connection.local;
    this.remoteBits = remoteBits;
    this.remotePort = remotePort;
    this.epoch = (loop.control[loop.c.CTL_EPOCH]! - 1) | 0;
    this.armed = loop.c.EPOLLIN;
    this.mode = mode;
    this.receiveMode = mode;
    loop.register(connection.fd, this);
    loop.hold();
  }

  /** Opens; a protocol that brings its own memory needs another way to be told of input. */
  start(): void {
    this.open();
    if (this.takesOwnMemory) this.settleLater();
  }

  // ---- addresses, socket, counters ----

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
      asked: this.asked,
    });
    return this.access;
  }

  get writeBufferSize(): number {
    return this.pendingBytes + (this.backlog === null ? 0 : this.backlog.byteLength);
  }

  get bytesWritten(): number {
    return this.acceptedBytes - this.writeBufferSize;
  }

  // ---- writing ----

  protected override send(data: Uint8Array | string): void {
    if (typeof data === 'string') {
      this.sendString(data);
      return;
    }
    const length = data.length;
    this.acceptedBytes += length;
    if (this.backlog !== null) {
      this.backlog.append(data);
    } else if (length >= DIRECT_BYTES) {
      this.sendNow(data, false);
    } else if (this.reserve(length)) {
      const { loop } = this;
      const at = loop.control[loop.c.CTL_OUT_USED]!;
      loop.out.set(data, at);
      this.queue(at, length);
    } else {
      (this.backlog as Backlog | null)!.append(data);
    }
  }

  protected override sendMany(chunks: readonly Uint8Array[]): void {
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    if (length < DIRECT_BYTES) {
      for (const chunk of chunks) if (chunk.length > 0) this.send(chunk);
      return;
    }
    if (this.backlog === null && this.pendingBytes > 0) this.sendNow(NOTHING, true);
    if (this.fd < 0) return;
    this.acceptedBytes += length;
    const idle = this.backlog === null;
    this.backlog ??= new Backlog();
    for (const chunk of chunks) this.backlog.appendOwned(chunk);
    if (idle) this.sendBacklog();
    if (this.backlog !== null) this.settleLater();
  }

  private sendString(text: string): void {
    const most = text.length * 3;
    if (this.backlog === null && most < DIRECT_BYTES && this.reserve(most)) {
      const { loop } = this;
      const at = loop.control[loop.c.CTL_OUT_USED]!;
      const length = loop.out.write(text, at);
      this.acceptedBytes += length;
      this.queue(at, length);
      return;
    }
    const bytes = Buffer.from(text);
    this.acceptedBytes += bytes.length;
    if (this.backlog !== null) this.backlog.appendOwned(bytes);
    else this.sendNow(bytes, true);
  }

  /** Makes room for `length` bytes and one operation; false when that gave us a backlog instead. */
  private reserve(length: number): boolean {
    const { control, c, out } = this.loop;
    if (control[c.CTL_OUT_USED]! + length > out.length || control[c.CTL_OPS]! === c.MAX_OPS) {
      this.loop.flush();
    }
    return this.backlog === null;
  }

  /** Queues `length` bytes that were put at `at`, the end of `out`. */
  private queue(at: number, length: number): void {
    const { control, ops, c } = this.loop;
    control[c.CTL_OUT_USED] = at + length;
    const epoch = control[c.CTL_EPOCH]!;
    if (this.epoch === epoch) {
      this.chainBytes += length;
      const last = this.lastOp * 4;
      if (ops[last + 1]! + ops[last + 2]! === at) {
        ops[last + 2]! += length;
      } else {
        ops[last + 3] = this.addOp(-1, at, length);
        this.lastOp = ops[last + 3]!;
      }
    } else {
      this.epoch = epoch;
      this.chainBytes = length;
      this.firstOp = this.lastOp = this.addOp(this.fd, at, length);
    }
    if (this.chainBytes > this.writeBufferLimits.high) this.sendNow(NOTHING, true);
  }

  private addOp(fd: number, at: number, length: number): number {
    const { control, ops, c } = this.loop;
    const op = control[c.CTL_OPS]!;
    const slot = op * 4;
    ops[slot] = fd;
    ops[slot + 1] = at;
    ops[slot + 2] = length;
    ops[slot + 3] = -1;
    control[c.CTL_OPS] = op + 1;
    return op;
  }

  /** Bytes queued in this turn. */
  private get pendingBytes(): number {
    return this.epoch === this.loop.control[this.loop.c.CTL_EPOCH]! ? this.chainBytes : 0;
  }

  /** Sends the chain and then `data` at once; what is left becomes the backlog. Never calls the protocol. */
  private sendNow(data: Uint8Array, owned: boolean): void {
    const { native, ops } = this.loop;
    const pending = this.pendingBytes;
    const head = pending > 0 ? this.firstOp : -1;
    const result = native.send(this.fd, head, data);
    if (result === pending + data.length) {
      if (head >= 0) this.dropChain();
      return;
    }
    if (result < 0 && result !== -EAGAIN) {
      this.acceptedBytes -= data.length;
      this.sendFailed(result);
      return;
    }
    const sent = Math.max(result, 0);
    this.backlog = new Backlog();
    if (head >= 0) {
      this.keepUnsent(head, ops[head * 4 + 2]!, sent);
      this.dropChain();
    }
    const rest = data.subarray(Math.max(0, sent - pending));
    if (owned) this.backlog.appendOwned(rest);
    else this.backlog.append(rest);
    this.settleLater();
  }

  /** The chain is sent, kept elsewhere, or given up: the flush passes over it. */
  private dropChain(): void {
    this.loop.ops[this.firstOp * 4] = -1;
    this.epoch = (this.epoch - 1) | 0;
    this.chainBytes = 0;
  }

  /** Copies what was not sent of a chain, whose first operation has `firstLength` bytes, to the backlog. */
  private keepUnsent(head: number, firstLength: number, sent: number): void {
    const { ops, out } = this.loop;
    let skip = sent;
    for (let op = head; op >= 0; op = ops[op * 4 + 3]!) {
      const length = op === head ? firstLength : ops[op * 4 + 2]!;
      if (skip < length) {
        const at = ops[op * 4 + 1]!;
        this.backlog!.append(out.subarray(at + skip, at + length));
      }
      skip = Math.max(0, skip - length);
    }
  }

  /** The flush sent only `result` bytes of the chain. */
  sent(op: number, result: number): void {
    const asked = this.chainBytes;
    this.chainBytes = 0;
    if (result < 0 && result !== -EAGAIN) {
      this.acceptedBytes -= asked;
      this.sendFailed(result);
      return;
    }
    const { ops } = this.loop;
    let others = 0;
    for (let next = ops[op * 4 + 3]!; next >= 0; next = ops[next * 4 + 3]!)
      others += ops[next * 4 + 2]!;
    this.backlog = new Backlog();
    this.keepUnsent(op, asked - others, Math.max(result, 0));
    this.settleLater();
  }

  private sendFailed(errno: number): void {
    this.fail(systemError(errno, 'write'), causeOf(errno, 'write-error'));
  }

  private sendBacklog(): void {
    const { native } = this.loop;
    const backlog = this.backlog as Backlog;
    for (;;) {
      const result = native.sendv(this.fd, backlog.chunks, backlog.first, backlog.skip);
      if (result === -EAGAIN) return;
      if (result < 0) {
        this.sendFailed(result);
        return;
      }
      backlog.consume(result);
      if (backlog.byteLength === 0) {
        this.backlog = null;
        return;
      }
    }
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

  private fail(error: Error, cause: CloseCause): void {
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
    if (this.pendingBytes > 0) {
      if (this.backlog === null) this.flushBeforeDiscard();
      if (this.pendingBytes > 0) this.dropChain();
    }
    this.acceptedBytes -= this.writeBufferSize;
    this.backlog = null;
    this.releaseDescriptor(reset);
  }

  /** What was written earlier in this turn would be in the kernel already without batching: send it. */
  private flushBeforeDiscard(): void {
    const result = this.loop.native.send(this.fd, this.firstOp, NOTHING);
    this.acceptedBytes -= this.chainBytes - Math.max(result, 0);
    this.dropChain();
  }

  private settleLater(): void {
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

  private endOutput(): void {
    const failed = this.shut ? 0 : this.loop.native.shutdown(this.fd);
    this.shut = true;
    if (failed < 0) {
      this.readFailed(this.socketError() || failed);
    } else if (this.isClosing) {
      this.conclude(null);
      this.releaseInOrder();
    }
  }

  /** FIN is sent. Only when the peer's has come too can the socket be closed without risking a reset. */
  private releaseInOrder(): void {
    const { lingerTimeoutMs } = this.owner.settings;
    if (this.eofSeen || lingerTimeoutMs === 0 || !this.watchInput()) {
      this.releaseDescriptor(false);
      return;
    }
    const { fd, loop } = this;
    this.rememberAddresses();
    this.fd = -1;
    loop.linger(fd, lingerTimeoutMs);
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
    const mode = input && !this.takesOwnMemory ? this.receiveMode : c.MODE_EVENT;
    if (events === this.armed && mode === this.mode) return;
    if (this.armed < 0 && events === 0) return;
    const failed = this.watch(mode, events);
    if (failed < 0) this.fail(systemError(failed, 'epoll_ctl'), 'read-error');
  }

  /** For the linger: any way of being told of input will do. */
  private watchInput(): boolean {
    const { c } = this.loop;
    return this.armed === c.EPOLLIN || this.watch(c.MODE_EVENT, c.EPOLLIN) === 0;
  }

  private watch(mode: number, events: number): number {
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

function causeOf(errno: number, otherwise: CloseCause): CloseCause {
  if (errno === -ECONNRESET) return 'peer-reset';
  return errno === -ETIMEDOUT ? 'timeout' : otherwise;
}
