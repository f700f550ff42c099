import net from 'node:net';
import { constants } from 'node:os';
import type { Address } from 'hawser';
import { Peer, type PeerListener, type RawPeerOptions } from 'hawser/testing';
import { ipAddress, unixAddress } from '#hawser/address';
import { loadNative } from '#hawser/engine/native/load';
import { systemError } from '#hawser/errors';

const { errno } = constants;

/** A raw connection over `node:net`. */
export class SocketPeer extends Peer {
  readonly localAddress: Address;
  readonly remoteAddress: Address;
  private readonly socket: net.Socket;
  private readonly whenClosed: Promise<void>;

  constructor(socket: net.Socket, options: RawPeerOptions) {
    super(options);
    this.socket = socket;
    this.localAddress = addressOf(socket.localAddress, socket.localPort);
    this.remoteAddress = addressOf(socket.remoteAddress, socket.remotePort);
    this.whenClosed = new Promise((resolve) => {
      if (socket.closed) resolve();
      else socket.once('close', () => resolve());
    });
    socket.on('data', (chunk) => this.gotData(chunk));
    socket.on('end', () => this.inputEnded());
    socket.on('error', (error) => this.gotError(error));
    if (options.paused) socket.pause();
  }

  private inputEnded(): void {
    const error = pendingError(this.socket);
    if (error === null) this.gotEnd();
    else this.gotError(error);
  }

  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  write(data: Uint8Array | string): void {
    this.socket.write(data);
  }

  /** A socket that broke has no FIN to send. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.end(() => resolve());
      void this.whenClosed.then(resolve);
    });
  }

  async reset(): Promise<void> {
    this.socket.resetAndDestroy();
    await this.whenClosed;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async destroy(): Promise<void> {
    this.socket.destroy();
    await this.whenClosed;
  }
}

/** Connects to a server; one that listens on every interface is reached over loopback. */
export async function connectSocketPeer(address: Address, options: RawPeerOptions): Promise<Peer> {
  const target =
    address.family === 'unix'
      ? { path: address.path }
      : { host: address.host.replace(/^0\.0\.0\.0$/, '127.0.0.1'), port: address.port };
  const socket = net.connect({ ...target, allowHalfOpen: true, noDelay: true });
  if (options.paused) socket.pause();
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.once('error', reject);
  });
  return new SocketPeer(socket, options);
}

/** Listens on a port of 127.0.0.1. */
export async function listenSocketPeer(options: RawPeerOptions): Promise<PeerListener> {
  const waiting: Peer[] = [];
  const wanting: ((peer: Peer) => void)[] = [];
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const peer = new SocketPeer(socket, options);
    if (!options.paused) peer.resume();
    const taker = wanting.shift();
    if (taker === undefined) waiting.push(peer);
    else taker(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { address, port } = server.address() as net.AddressInfo;
  return {
    address: ipAddress(address, port),
    accept: () =>
      new Promise((resolve) => {
        const peer = waiting.shift();
        if (peer === undefined) wanting.push(resolve);
        else resolve(peer);
      }),
    // Its callback would wait for the connections, too.
    close: async () => {
      server.close();
    },
  };
}

/** What of a socket's handle its `net.Socket` does not show. */
interface Handle {
  readonly fd: number;
  getpeername?(into: object): number;
}

/**
 * libuv reports FIN when the kernel says "hung up" after a short read, and never asks
 * whether it was an RST; the kernel still knows the error. Without the addon: a
 * connection of which we have not ended our side has a peer, unless it was reset.
 */
function pendingError(socket: net.Socket): Error | null {
  const { _handle: handle } = socket as net.Socket & { _handle: Handle | null };
  if (handle === null) return null;
  const { binding } = loadNative();
  if (binding === null) {
    const isReset = !socket.writableEnded && handle.getpeername?.({}) === -errno.ENOTCONN;
    return isReset ? systemError(-errno.ECONNRESET, 'read') : null;
  }
  const { SOL_SOCKET, SO_ERROR } = binding.constants;
  const value = Buffer.alloc(4);
  binding.getsockopt(handle.fd, SOL_SOCKET, SO_ERROR, value);
  const pending = value.readInt32LE();
  return pending === 0 ? null : systemError(-pending, 'read');
}

function addressOf(host: string | undefined, port: number | undefined): Address {
  return host === undefined || port === undefined ? unixAddress('') : ipAddress(host, port);
}
