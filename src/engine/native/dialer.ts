import { constants as os } from 'node:os';
import type { Address } from '../../address.js';
import { asError, systemError } from '../../errors.js';
import { assertProtocol } from '../../protocol.js';
import type { Transport } from '../../transport.js';
import { checkConnected } from '../descriptor.js';
import type { ConnectionOwner, DialRequest } from '../engine.js';
import type { DescriptorOwner, Loop } from './loop.js';
import { setOption } from './options.js';
import { decodeAddress, encodeAddress } from './sockaddr.js';
import { NativeTransport } from './transport.js';

/** One connection attempt; see `Engine.dial`. */
export async function dial(
  loop: Loop,
  request: DialRequest,
  owner: ConnectionOwner,
): Promise<Transport> {
  request.signal?.throwIfAborted();
  const fd =
    request.fd === undefined ? await connectSocket(loop, request) : adopt(loop, request.fd);
  const { c } = loop;
  try {
    const protocol = owner.createProtocol();
    assertProtocol(protocol);
    const unix = request.address?.family === 'unix';
    const receiveMode = c.MODE_RECEIVE | (owner.settings.quickAck && !unix ? c.MODE_QUICKACK : 0);
    const operation = request.fd === undefined ? c.EPOLL_CTL_MOD : c.EPOLL_CTL_ADD;
    const failed = loop.native.watch(operation, fd, receiveMode, c.EPOLLIN);
    if (failed < 0) throw systemError(failed, 'epoll_ctl');
    const { beforeConnect, perConnection } = request.plan;
    for (const call of perConnection) setOption(loop, fd, call);
    const origin = { local: null, receiveMode, asked: [...beforeConnect, ...perConnection] };
    const remote = request.address ?? peerAddress(loop, fd);
    const transport = new NativeTransport(loop, fd, owner, protocol, origin, remote);
    transport.start();
    return transport;
  } catch (thrown) {
    loop.close(fd, false);
    throw asError(thrown);
  }
}

/** Resolves to a connected descriptor that is watched, or rejects with nothing left open. */
function connectSocket(loop: Loop, request: DialRequest): Promise<number> {
  const { native, c } = loop;
  const address = request.address as Address;
  const sockaddr = encodeAddress(address, c);
  const fd = native.socket(sockaddr.readUInt16LE(0));
  if (fd < 0) throw systemError(fd, 'socket', address);
  try {
    for (const call of request.plan.beforeConnect) setOption(loop, fd, call);
    if (request.localAddress !== undefined) {
      const failed = native.bind(fd, encodeAddress(request.localAddress, c));
      if (failed < 0) throw systemError(failed, 'bind', request.localAddress);
    }
    const failed = native.connect(fd, sockaddr);
    if (failed < 0 && failed !== -os.errno.EINPROGRESS)
      throw systemError(failed, 'connect', address);
    return new Attempt(loop, fd, address, request.signal).promise;
  } catch (thrown) {
    loop.close(fd, false);
    throw thrown;
  }
}

/** A connect in progress: epoll reports the socket writable when it is decided (connect(2), EINPROGRESS). */
class Attempt implements DescriptorOwner {
  readonly promise: Promise<number>;
  private readonly loop: Loop;
  private readonly fd: number;
  private readonly address: Address;
  private readonly signal: AbortSignal | undefined;
  private readonly onAbort = () => this.fail(asError(this.signal?.reason));
  private resolve!: (fd: number) => void;
  private reject!: (error: Error) => void;

  constructor(loop: Loop, fd: number, address: Address, signal: AbortSignal | undefined) {
    this.loop = loop;
    this.fd = fd;
    this.address = address;
    this.signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const { c, native } = loop;
    const failed = native.watch(c.EPOLL_CTL_ADD, fd, c.MODE_EVENT, c.EPOLLOUT);
    if (failed < 0) throw systemError(failed, 'epoll_ctl', address);
    loop.register(fd, this);
    loop.hold();
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  onData(): void {
    throw new Error('a connecting socket was watched for data');
  }

  onInputEnd(): void {
    this.onData();
  }

  onEvent(): void {
    const { native, c } = this.loop;
    const value = Buffer.alloc(4);
    native.getsockopt(this.fd, c.SOL_SOCKET, c.SO_ERROR, value);
    const errno = value.readInt32LE();
    if (errno !== 0) {
      this.fail(systemError(-errno, 'connect', this.address));
      return;
    }
    // Until the transport is made in the microtask that follows, the descriptor must stay quiet.
    native.watch(c.EPOLL_CTL_MOD, this.fd, c.MODE_EVENT, 0);
    this.done();
    this.resolve(this.fd);
  }

  private fail(error: Error): void {
    this.done();
    this.loop.close(this.fd, false);
    this.reject(error);
  }

  private done(): void {
    this.signal?.removeEventListener('abort', this.onAbort);
    this.loop.unregister(this.fd);
    this.loop.release();
  }
}

function adopt(loop: Loop, fd: number): number {
  checkConnected(loop.native, fd);
  const failed = loop.native.adopt(fd);
  if (failed < 0) throw systemError(failed, 'fcntl');
  return fd;
}

function peerAddress(loop: Loop, fd: number): Address {
  const bytes = Buffer.alloc(loop.c.SOCKADDR_UN_BYTES);
  const length = loop.native.getpeername(fd, bytes);
  return decodeAddress(bytes.subarray(0, Math.max(0, length)), loop.c);
}
