import { constants as os } from 'node:os';
import { asError } from '../../errors.js';
import type { NativeBinding, NativeConstants } from './binding.js';

/** Bytes that small writes of one turn may fill before they are sent early. */
const OUT_BYTES = 256 * 1024;
/** Receive memory handed out before a new slab is made; a kept chunk keeps its slab. */
const SLAB_BYTES = 256 * 1024;
/** Chunks up to this size are copied out of the slab, bytes. */
const SMALL_MAX = 2048;
/**
 * Size of a block that is allocated and dropped once slabs begin to come and go. When glibc
 * has freed one of that size it keeps up to twice as much for the next slabs, instead of
 * giving pages back to the kernel each time, which stalls every connection: mallopt(3),
 * M_MMAP_THRESHOLD. A server of small messages never gets there and stays small.
 */
const KEEP_BYTES = 16 * 1024 * 1024;
/** Memory for small chunks handed out before a new pool is made; a kept small chunk keeps its pool. */
const POOL_BYTES = 64 * 1024;
const PAGE_BYTES = 4096;
/**
 * What a callback may send on one connection before it ends, bytes. To a reader that keeps up,
 * the kernel takes whatever is written: a protocol that writes until it is told to pause would
 * never be. Beyond this its writes are buffered, which pauses it, and the others have their turn.
 */
const BURST_BYTES = 256 * 1024;
/** Most bytes of one receive: what a connection may take per turn. */
const READ_MAX = 64 * 1024;

/** Whoever a descriptor belongs to. */
export interface DescriptorOwner {
  /** Bytes received: at least one. */
  onData(chunk: Buffer): void;
  /** The end of input (0), or the -errno of a failed receive. */
  onInputEnd(result: number): void;
  /** epoll events. */
  onEvent(events: number): void;
}

/** Who has something to do after the next flush. */
export interface Settler {
  settle(): void;
}

/**
 * One per environment: the table of descriptors, the memory shared with the
 * addon, and what happens in a turn:
 *
 * 1. the addon waits, receives into the slab, and calls `dispatch`, once for each slab it fills;
 * 2. transports call their protocols, whose writes fill `out` and queue operations;
 * 3. back in the addon, microtasks have run, and the operations are sent;
 * 4. `settle` is called if a send did not go out whole, or if somebody asked for
 *    it: closes, interest changes and deferred callbacks happen there.
 */
export class Loop {
  readonly native: NativeBinding;
  readonly c: NativeConstants;
  readonly control: Int32Array;
  readonly ops: Int32Array;
  readonly out: Buffer;
  readonly accepted: Buffer;
  private readonly records: Int32Array;
  /** Indexed by descriptor. */
  private readonly owners: (DescriptorOwner | undefined)[] = [];
  private settlers: Settler[] = [];
  private slab!: Buffer;
  private pool!: Buffer;
  private keepsPages = false;
  private held = 0;
  private dispatching = false;
  /** Who sent last in the running callback, and how much in a row. */
  private sender: Sender | null = null;
  private burst = 0;
  /** Descriptors to close after the turn; inverted: with a reset. */
  private readonly closing: number[] = [];
  private lingerers = new Map<number, number>();
  private lingerTimer: NodeJS.Timeout | undefined;

  constructor(native: NativeBinding) {
    this.native = native;
    const c = native.constants;
    this.c = c;
    const controlBytes = c.CTL_SLOTS * 4;
    const recordBytes = c.MAX_RECORDS * c.RECORD_INTS * 4;
    const opBytes = c.MAX_OPS * c.OP_INTS * 4;
    const acceptBytes = c.MAX_ACCEPT * c.ACCEPT_BYTES;
    const memory = new ArrayBuffer(controlBytes + recordBytes + opBytes + acceptBytes + OUT_BYTES);
    let at = 0;
    const take = (bytes: number): number => {
      at += bytes;
      return at - bytes;
    };
    this.control = new Int32Array(memory, take(controlBytes), c.CTL_SLOTS);
    this.records = new Int32Array(memory, take(recordBytes), recordBytes / 4);
    this.ops = new Int32Array(memory, take(opBytes), opBytes / 4);
    this.accepted = Buffer.from(memory, take(acceptBytes), acceptBytes);
    this.out = Buffer.from(memory, take(OUT_BYTES), OUT_BYTES);
    const failed = native.start(
      this.control,
      this.records,
      this.ops,
      this.out,
      this.accepted,
      (records) => this.dispatch(records),
      (abnormal) => this.settle(abnormal),
    );
    if (failed < 0) throw new Error(`the native engine could not start: errno ${-failed}`);
    this.control[c.CTL_READ_MAX] = READ_MAX;
    this.control[c.CTL_SLAB_LOW] = READ_MAX;
    this.control[c.CTL_SMALL_MAX] = SMALL_MAX;
    this.renewSlab();
    this.renewPool();
    process.on('exit', () => native.flush());
  }

  // ---- descriptors ----

  register(fd: number, owner: DescriptorOwner): void {
    this.owners[fd] = owner;
  }

  unregister(fd: number): void {
    this.owners[fd] = undefined;
  }

  /** Keeps the event loop alive until as many `release` calls. */
  hold(): void {
    if (this.held++ === 0) this.native.ref(1);
  }

  release(): void {
    if (--this.held === 0) this.native.ref(0);
  }

  /** Closes `fd`, in a turn only when all its records are dealt with: another socket may get the same number. */
  close(fd: number, reset: boolean): void {
    this.unregister(fd);
    if (this.dispatching) this.closing.push(reset ? ~fd : fd);
    else this.native.close(fd, reset ? 1 : 0);
  }

  private closeWaiting(): void {
    for (const fd of this.closing) this.native.close(fd < 0 ? ~fd : fd, fd < 0 ? 1 : 0);
    this.closing.length = 0;
  }

  /** Calls `settler.settle()` after the next flush. */
  later(settler: Settler): void {
    // What is due must happen even when nothing else keeps the event loop alive any more.
    if (this.settlers.push(settler) === 1) this.hold();
    this.control[this.c.CTL_SETTLE] = 1;
  }

  /** Sends what is queued now, without waiting for the end of the turn; no callback runs. */
  flush(): void {
    const abnormal = this.native.flush();
    if (abnormal > 0) this.account();
  }

  /** Whether `sender` may send more before the running callback ends. */
  maySend(sender: Sender): boolean {
    return this.sender !== sender || this.burst < BURST_BYTES;
  }

  /** `sender` sent `bytes` before the end of the turn. */
  countBurst(sender: Sender, bytes: number): void {
    this.burst = this.sender === sender ? this.burst + bytes : bytes;
    this.sender = sender;
  }

  // ---- a closed connection's last moments ----

  /**
   * The write side of `fd` is shut; read and drop input until the peer's FIN or the
   * time is over, so that closing cannot destroy a reply in flight with a reset.
   */
  linger(fd: number, timeoutMs: number): void {
    this.owners[fd] = new Lingerer(this, fd);
    this.lingerers.set(fd, performance.now() + timeoutMs);
    this.hold();
    this.lingerTimer ??= this.startLingerTimer(timeoutMs);
  }

  endLinger(fd: number): void {
    if (!this.lingerers.delete(fd)) return;
    this.close(fd, false);
    this.release();
    if (this.lingerers.size === 0 && this.lingerTimer !== undefined) {
      clearTimeout(this.lingerTimer);
      this.lingerTimer = undefined;
    }
  }

  private startLingerTimer(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => this.sweepLingerers(), Math.max(1, Math.ceil(afterMs)));
  }

  private sweepLingerers(): void {
    this.lingerTimer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const [fd, deadline] of this.lingerers) {
      if (deadline <= now) this.endLinger(fd);
      else next = Math.min(next, deadline - now);
    }
    if (next !== Infinity) this.lingerTimer = this.startLingerTimer(next);
  }

  // ---- a turn ----

  private dispatch(count: number): void {
    const { records, owners } = this;
    const { REC_DATA, REC_SMALL, RECORD_INTS } = this.c;
    this.dispatching = true;
    for (let i = 0; i < count * RECORD_INTS; i += RECORD_INTS) {
      const owner = owners[records[i]!];
      if (owner === undefined) continue;
      this.sender = null;
      try {
        const what = records[i + 1]!;
        const at = records[i + 2]!;
        const count = records[i + 3]!;
        if (what === REC_SMALL) owner.onData(this.pool.subarray(at, at + count));
        else if (what !== REC_DATA) owner.onEvent(at);
        else if (count > 0) owner.onData(this.slab.subarray(at, at + count));
        else owner.onInputEnd(count);
      } catch (thrown) {
        rethrowLater(thrown);
      }
    }
    this.dispatching = false;
    if (this.closing.length > 0) this.closeWaiting();
    this.renewMemory();
  }

  private settle(abnormal: number): void {
    if (abnormal > 0) this.account();
    const settlers = this.settlers;
    if (settlers.length === 0) return;
    this.settlers = [];
    for (const settler of settlers) {
      this.sender = null;
      try {
        settler.settle();
      } catch (thrown) {
        rethrowLater(thrown);
      }
    }
    this.release();
  }

  /** Hands the results of sends that did not go out whole to their owners, and empties the queue. */
  private account(): void {
    const { ops, control, c } = this;
    const count = control[c.CTL_OPS]!;
    for (let op = 0; op < count; op++) {
      const slot = op * c.OP_INTS;
      const mark = ops[slot]!;
      if (mark >= -1) continue;
      const owner = this.owners[~mark] as (DescriptorOwner & Partial<Sender>) | undefined;
      owner?.sent?.(op, ops[slot + 2]!);
    }
    control[c.CTL_OPS] = 0;
    control[c.CTL_OUT_USED] = 0;
    control[c.CTL_EPOCH] = (control[c.CTL_EPOCH]! + 1) | 0;
  }

  private renewMemory(): void {
    const { control, c } = this;
    if (control[c.CTL_SLAB_USED]! > SLAB_BYTES - READ_MAX) {
      if (!this.keepsPages) Buffer.allocUnsafeSlow(KEEP_BYTES);
      this.keepsPages = true;
      this.renewSlab();
    }
    if (control[c.CTL_POOL_USED]! > POOL_BYTES - SMALL_MAX) this.renewPool();
  }

  /** The old slab lives on for as long as somebody keeps a chunk of it. */
  private renewSlab(): void {
    const memory = Buffer.allocUnsafeSlow(SLAB_BYTES + PAGE_BYTES);
    const start = this.native.slab(memory);
    // All of it: the addon fills what it was given, and a shorter view would cut off the last bytes of a chunk.
    this.slab = memory.subarray(start);
  }

  private renewPool(): void {
    this.pool = Buffer.allocUnsafeSlow(POOL_BYTES);
    this.native.pool(this.pool);
  }
}

/** A descriptor owner whose sends can fall short. */
export interface Sender {
  /** Of the chain that starts at `op`, `result` bytes were sent, or none for -errno. */
  sent(op: number, result: number): void;
}

/** Discards input until the peer's FIN. */
class Lingerer implements DescriptorOwner {
  private readonly loop: Loop;
  private readonly fd: number;

  constructor(loop: Loop, fd: number) {
    this.loop = loop;
    this.fd = fd;
  }

  onData(): void {}

  onInputEnd(): void {
    this.loop.endLinger(this.fd);
  }

  onEvent(): void {
    let count = this.loop.native.discard(this.fd, READ_MAX);
    while (count === READ_MAX) count = this.loop.native.discard(this.fd, READ_MAX);
    if (count <= 0 && count !== -os.errno.EAGAIN) this.loop.endLinger(this.fd);
  }
}

/** An error that escaped a handler is a bug of ours: it must be seen, but the others of this turn come first. */
function rethrowLater(thrown: unknown): void {
  const error = asError(thrown);
  process.nextTick(() => {
    throw error;
  });
}
