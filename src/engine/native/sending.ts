import { constants as os } from 'node:os';
import { BaseTransport } from '../../base-transport.js';
import { systemError } from '../../errors.js';
import type { BufferedProtocol, Protocol } from '../../protocol.js';
import type { CloseCause } from '../../stats.js';
import type { ConnectionOwner } from '../engine.js';
import { Backlog } from './backlog.js';
import type { Loop, Sender } from './loop.js';

/** From this size on a write goes to the kernel at once instead of being copied into the turn's batch, bytes. */
const DIRECT_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);
const { EAGAIN, ECONNRESET, ETIMEDOUT } = os.errno;

/**
 * The sending half of a connection on the native loop.
 *
 * Small writes are appended to the loop's `out` memory as operations of the current
 * turn: a chain per connection, sent with one call when the turn ends. A large one
 * goes to the kernel at once, behind its chain. What the kernel does not take
 * becomes the backlog, which is sent whenever the socket is writable again.
 */
export abstract class SendingTransport extends BaseTransport implements Sender {
  protected readonly loop: Loop;
  /** -1 once the connection has given it up. */
  protected fd: number;
  protected backlog: Backlog | null = null;
  /** The chain of operations of this turn: valid while `epoch` is the loop's. */
  private epoch: number;
  private firstOp = 0;
  private lastOp = 0;
  private chainBytes = 0;
  private acceptedBytes = 0;

  constructor(
    loop: Loop,
    fd: number,
    owner: ConnectionOwner,
    protocol: Protocol | BufferedProtocol,
  ) {
    super(owner, protocol);
    this.loop = loop;
    this.fd = fd;
    this.epoch = (loop.control[loop.c.CTL_EPOCH]! - 1) | 0;
  }

  /** Have `settle` called after the next flush. */
  protected abstract settleLater(): void;
  /** The connection broke. */
  protected abstract fail(error: Error, cause: CloseCause): void;

  get writeBufferSize(): number {
    return this.pendingBytes + (this.backlog === null ? 0 : this.backlog.byteLength);
  }

  get bytesWritten(): number {
    return this.acceptedBytes - this.writeBufferSize;
  }

  /** The turn's batch counts as buffered, but would not be without batching: it is not measured, but sent. */
  override setWriteBufferLimits(limits: { high?: number; low?: number }): void {
    if (this.pendingBytes > 0) this.sendNow(NOTHING, true);
    super.setWriteBufferLimits(limits);
  }

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
    if (idle && this.loop.maySend(this)) this.sendBacklog();
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
    const { loop } = this;
    const { control, c, out } = loop;
    if (control[c.CTL_OUT_USED]! + length > out.length || control[c.CTL_OPS]! === c.MAX_OPS) {
      if (loop.maySend(this)) {
        loop.countBurst(this, this.pendingBytes);
        loop.flush();
      } else {
        this.sendNow(NOTHING, true);
      }
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
      const last = this.lastOp * c.OP_INTS;
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
    const slot = op * c.OP_INTS;
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

  /** Sends the chain and then `data` at once, as allowed; what is left becomes the backlog. Never calls the protocol. */
  private sendNow(data: Uint8Array, owned: boolean): void {
    const { loop } = this;
    const { native, ops, c } = loop;
    const pending = this.pendingBytes;
    const head = pending > 0 ? this.firstOp : -1;
    const result = loop.maySend(this) ? native.send(this.fd, head, data) : -EAGAIN;
    if (result > 0) loop.countBurst(this, result);
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
      this.keepUnsent(head, ops[head * c.OP_INTS + 2]!, sent);
      this.dropChain();
    }
    const rest = data.subarray(Math.max(0, sent - pending));
    if (owned) this.backlog.appendOwned(rest);
    else this.backlog.append(rest);
    this.settleLater();
  }

  /** The chain is sent, kept elsewhere, or given up: the flush passes over it. */
  private dropChain(): void {
    const { ops, c } = this.loop;
    ops[this.firstOp * c.OP_INTS] = -1;
    this.epoch = (this.epoch - 1) | 0;
    this.chainBytes = 0;
  }

  /** Copies what was not sent of a chain, whose first operation has `firstLength` bytes, to the backlog. */
  private keepUnsent(head: number, firstLength: number, sent: number): void {
    const { ops, out, c } = this.loop;
    let skip = sent;
    for (let op = head; op >= 0; op = ops[op * c.OP_INTS + 3]!) {
      const slot = op * c.OP_INTS;
      const length = op === head ? firstLength : ops[slot + 2]!;
      if (skip < length) {
        const at = ops[slot + 1]!;
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
    const { ops, c } = this.loop;
    let others = 0;
    for (let next = ops[op * c.OP_INTS + 3]!; next >= 0; next = ops[next * c.OP_INTS + 3]!)
      others += ops[next * c.OP_INTS + 2]!;
    this.backlog = new Backlog();
    this.keepUnsent(op, asked - others, Math.max(result, 0));
    this.settleLater();
  }

  private sendFailed(errno: number): void {
    this.fail(systemError(errno, 'write'), causeOf(errno, 'write-error'));
  }

  /** Sends what the kernel takes of the backlog; it is `null` afterwards when that was all. */
  protected sendBacklog(): void {
    const { native } = this.loop;
    const backlog = this.backlog as Backlog;
    for (;;) {
      const result = native.sendv(this.fd, backlog.chunks, backlog.first, backlog.skip);
      if (result === -EAGAIN) return;
      if (result < 0) {
        this.sendFailed(result);
        return;
      }
      this.loop.countBurst(this, result);
      backlog.consume(result);
      if (backlog.byteLength === 0) {
        this.backlog = null;
        return;
      }
    }
  }

  /**
   * Gives up what is buffered. What was written earlier in this turn would be in the
   * kernel already but for the batch, so that is still sent.
   */
  protected dropOutput(): void {
    if (this.pendingBytes > 0) {
      const result =
        this.backlog === null ? this.loop.native.send(this.fd, this.firstOp, NOTHING) : 0;
      this.acceptedBytes -= this.chainBytes - Math.max(result, 0);
      this.dropChain();
    }
    this.acceptedBytes -= this.writeBufferSize;
    this.backlog = null;
  }
}

/** The close cause of a failed call. */
export function causeOf(errno: number, otherwise: CloseCause): CloseCause {
  if (errno === -ECONNRESET) return 'peer-reset';
  return errno === -ETIMEDOUT ? 'timeout' : otherwise;
}
