import { constants as os } from 'node:os';
import type { Address } from '../../address.js';
import { asError, systemError } from '../../errors.js';
import { KernelSocket } from '../../options/access.js';
import { assertProtocol } from '../../protocol.js';
import type { ListenerSocket } from '../../transport.js';
import type { Listener, ListenerOwner, ListenRequest } from '../engine.js';
import type { DescriptorOwner, Loop } from './loop.js';
import { setOption } from './options.js';
import { decodeAddress } from './sockaddr.js';
import { NativeTransport, type Origin } from './transport.js';

/** How long accepting rests when descriptors or memory have run out, ms. */
const BACK_OFF_MS = 100;
const { errno } = os;

/** Trouble of that one client, or none at all (accept(2), "Error handling"): go on. */
const ignored = new Set(
  [
    errno.EAGAIN,
    errno.ECONNABORTED,
    errno.EINTR,
    errno.EPROTO,
    errno.ENETDOWN,
    errno.ENOPROTOOPT,
    errno.EHOSTUNREACH,
    errno.EOPNOTSUPP,
    errno.ENETUNREACH,
    errno.EPERM,
    errno.ETIMEDOUT,
    64, // ENONET, which Node does not name
    112, // EHOSTDOWN, likewise
  ].map((number) => -number),
);
/** Out of descriptors or memory: rest, then go on. Everything else is fatal. */
const exhausted = new Set(
  [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENOSPC].map((n) => -n),
);

/** `[::]` also takes IPv4 clients, whose addresses it writes as `::ffff:a.b.c.d`. */
class NativeListenerSocket extends KernelSocket implements ListenerSocket {
  readonly address: Address;

  constructor(options: ConstructorParameters<typeof KernelSocket>[0], address: Address) {
    super(options);
    this.address = address;
  }
}

/** A listening socket on the native loop. Accepts in batches that grow while they come back full. */
export class NativeListener implements Listener, DescriptorOwner {
  readonly address: Address;
  readonly socket: ListenerSocket;
  private readonly loop: Loop;
  private readonly owner: ListenerOwner;
  private readonly request: ListenRequest;
  private fd: number;
  private batch = 1;
  private listening: boolean;
  private suspended = false;
  private watched = false;
  private held = false;
  private referenced = true;
  private backOff: NodeJS.Timeout | undefined;
  private readonly origin: Origin;

  constructor(
    loop: Loop,
    owner: ListenerOwner,
    request: ListenRequest,
    fd: number,
    address: Address,
    listening: boolean,
  ) {
    this.loop = loop;
    this.owner = owner;
    this.request = request;
    this.fd = fd;
    this.address = address;
    this.listening = listening;
    const { plan } = request;
    this.socket = new NativeListenerSocket(
      {
        calls: loop.native,
        fd: () => this.fd,
        kind: 'listener',
        asked: [...plan.beforeBind, ...plan.beforeListen],
      },
      address,
    );
    const wildcard = address.family !== 'unix' && /^(0\.0\.0\.0|::)$/.test(address.host);
    const quick = owner.settings.quickAck && address.family !== 'unix';
    this.origin = {
      local: wildcard ? null : address,
      receiveMode: loop.c.MODE_RECEIVE | (quick ? loop.c.MODE_QUICKACK : 0),
      asked: [...plan.beforeBind, ...plan.beforeListen, ...plan.perConnection],
    };
    loop.register(fd, this);
  }

  start(): void {
    if (this.watched || this.fd < 0) return;
    if (!this.listening) {
      const failed = this.loop.native.listen(this.fd, this.request.backlog);
      if (failed < 0) throw systemError(failed, 'listen', this.address);
      this.listening = true;
    }
    this.updateWatch();
  }

  suspend(): void {
    this.suspended = true;
    this.updateWatch();
  }

  resume(): void {
    this.suspended = false;
    this.updateWatch();
  }

  close(): void {
    if (this.fd < 0) return;
    const { fd } = this;
    clearTimeout(this.backOff);
    this.backOff = undefined;
    this.unwatch();
    this.fd = -1;
    this.loop.close(fd, false);
    this.updateHold();
  }

  ref(): void {
    this.referenced = true;
    this.updateHold();
  }

  unref(): void {
    this.referenced = false;
    this.backOff?.unref();
    this.updateHold();
  }

  onData(): void {
    throw new Error('a listening socket was watched for data');
  }

  onInputEnd(): void {
    this.onData();
  }

  /** Clients wait. */
  onEvent(): void {
    if (this.fd < 0) return;
    const room = Math.min(this.batch, this.owner.acceptRoom());
    if (room <= 0) {
      this.unwatch();
      return;
    }
    const { native, c } = this.loop;
    const count = native.accept(this.fd, room, this.origin.receiveMode);
    if (count < 0) {
      this.acceptFailed(count);
      return;
    }
    this.batch = count === this.batch ? Math.min(this.batch * 2, c.MAX_ACCEPT) : Math.max(1, count);
    // The accept table is read whole first: a protocol may cause another accept on another listener.
    const entries = Buffer.from(this.loop.accepted.subarray(0, count * c.ACCEPT_BYTES));
    for (let i = 0; i < count; i++) this.accepted(entries, i * c.ACCEPT_BYTES);
    if (this.owner.acceptRoom() <= 0) this.unwatch();
  }

  private acceptFailed(result: number): void {
    if (ignored.has(result)) return;
    const error = systemError(result, 'accept', this.address);
    if (exhausted.has(result)) {
      this.backOff = setTimeout(() => {
        this.backOff = undefined;
        this.updateWatch();
      }, BACK_OFF_MS);
      if (!this.referenced) this.backOff.unref();
      this.unwatch();
      this.owner.acceptFailed(error, false);
    } else {
      this.suspended = true;
      this.unwatch();
      this.owner.acceptFailed(error, true);
    }
  }

  /** One entry of the accept table: the descriptor, then the peer's struct sockaddr. */
  private accepted(entries: Buffer, at: number): void {
    const { loop, owner } = this;
    const { c } = loop;
    const fd = entries.readInt32LE(at);
    try {
      const protocol = owner.createProtocol();
      assertProtocol(protocol);
      for (const call of this.request.plan.perConnection) setOption(loop, fd, call);
      const v4 = entries.readUInt16LE(at + 4) === c.AF_INET;
      const remote = v4 ? entries.readInt32BE(at + 8) : this.remoteOf(fd, entries, at + 4);
      const port = v4 ? entries.readUInt16BE(at + 6) : 0;
      new NativeTransport(loop, fd, owner, protocol, this.origin, remote, port).start();
    } catch (thrown) {
      loop.close(fd, false);
      owner.refused(asError(thrown));
    }
  }

  /** The peer's address; the accept table has no room for a path. */
  private remoteOf(fd: number, entries: Buffer, at: number): Address {
    const { native, c } = this.loop;
    if (this.address.family !== 'unix') {
      return decodeAddress(entries.subarray(at, at + c.SOCKADDR_IN6_BYTES), c);
    }
    const bytes = Buffer.alloc(c.SOCKADDR_UN_BYTES);
    const length = native.getpeername(fd, bytes);
    return decodeAddress(bytes.subarray(0, Math.max(0, length)), c);
  }

  /** Watches for clients exactly while listening, not suspended, and with room for one. */
  private updateWatch(): void {
    const wanted =
      this.fd >= 0 &&
      this.listening &&
      !this.suspended &&
      this.backOff === undefined &&
      this.owner.acceptRoom() > 0;
    const { native, c } = this.loop;
    if (wanted && !this.watched) {
      const failed = native.watch(c.EPOLL_CTL_ADD, this.fd, c.MODE_EVENT, c.EPOLLIN);
      if (failed < 0) throw systemError(failed, 'epoll_ctl', this.address);
      this.watched = true;
    } else if (!wanted) {
      this.unwatch();
    }
    this.updateHold();
  }

  private unwatch(): void {
    if (!this.watched) return;
    this.loop.native.watch(this.loop.c.EPOLL_CTL_DEL, this.fd, 0, 0);
    this.watched = false;
  }

  private updateHold(): void {
    const wanted = this.fd >= 0 && this.listening && this.referenced;
    if (wanted === this.held) return;
    this.held = wanted;
    if (wanted) this.loop.hold();
    else this.loop.release();
  }
}
