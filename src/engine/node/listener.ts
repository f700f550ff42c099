/*
 * Facts about accepting under node:net that it relies on:
 * - libuv accepts as long as clients wait and never asks first; nothing but closing
 *   the listener stops it. What must not be served yet is therefore accepted, and
 *   waits here unread: its peer sees a connection that is silent, as it does while
 *   it waits in the kernel's queue.
 * - With no descriptor left, libuv closes one it keeps in reserve, accepts, and
 *   closes the connection: the client is turned away and nothing is told.
 */
import { existsSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { constants as os } from 'node:os';
import { dirname } from 'node:path';
import { type Address, unixAddress } from '../../address.js';
import { asError, codedError, type SystemError, systemError } from '../../errors.js';
import { assertProtocol } from '../../protocol.js';
import type { ListenerSocket } from '../../transport.js';
import { checkListenable, LISTENABLE, unfit } from '../descriptor.js';
import type { Listener, ListenerOwner, ListenRequest } from '../engine.js';
import { checkPath, listeningAddress, localAddressOf, remoteAddressOf } from './address.js';
import { descriptorOf } from './handle.js';
import {
  beyondNode,
  checkQuickAck,
  type NodePlan,
  nodeServerPlan,
  setByKernel,
} from './options.js';
import { socketAccess } from './socket.js';
import { type Connection, type NodeEnvironment, NodeTransport, resetSocket } from './transport.js';

/** Binds and listens, which node:net does at once. The listener serves nobody before `start`. */
export async function listen(
  environment: NodeEnvironment,
  request: ListenRequest,
  owner: ListenerOwner,
): Promise<Listener> {
  const { calls } = environment;
  refuseImpossible(request);
  if (calls !== null && request.fd !== undefined) checkListenable(calls, request.fd);
  checkQuickAck(owner.settings.quickAck, calls);
  const plan = nodeServerPlan(request.plan, calls);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await listening(server, request);
  try {
    if (calls !== null) setByKernel(calls, descriptorOf(server), plan.onListener);
    return new NodeListener(environment, owner, request, server, plan);
  } catch (thrown) {
    server.close();
    throw thrown;
  }
}

/** A listening socket of node:net. */
class NodeListener implements Listener {
  readonly address: Address;
  readonly socket: ListenerSocket;
  private readonly environment: NodeEnvironment;
  private readonly owner: ListenerOwner;
  private readonly server: Server;
  private readonly plan: NodePlan;
  /** Accepted and not to be served yet, in order; at most as many as the backlog. */
  private readonly waiting: Connection[] = [];
  private readonly waitingMax: number;
  private readonly isWildcard: boolean;
  private isStarted = false;
  private isSuspended = false;
  private isClosed = false;
  private isReferenced = true;
  private isAdmitting = false;

  constructor(
    environment: NodeEnvironment,
    owner: ListenerOwner,
    request: ListenRequest,
    server: Server,
    plan: NodePlan,
  ) {
    this.environment = environment;
    this.owner = owner;
    this.server = server;
    this.plan = plan;
    this.waitingMax = request.backlog;
    this.address = listeningAddress(server);
    this.isWildcard = this.address.family !== 'unix' && /^(0\.0\.0\.0|::)$/.test(this.address.host);
    const access = socketAccess(environment.calls, server, 'listener', plan.onListener);
    this.socket = Object.assign(access, { address: this.address });
    server.on('connection', (socket: Socket) => this.accepted(socket));
    // libuv goes on accepting after any error, so none is fatal.
    server.on('error', (error: SystemError) => {
      owner.acceptFailed(systemError(error.errno, 'accept', this.address), false);
    });
    server.unref();
  }

  start(): void {
    if (this.isStarted || this.isClosed) return;
    this.isStarted = true;
    if (this.isReferenced) this.server.ref();
    this.admitLater();
  }

  suspend(): void {
    this.isSuspended = true;
  }

  resume(): void {
    this.isSuspended = false;
    this.admitLater();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.server.close();
    // As the kernel does with what waits in the queue of a listener that is closed.
    for (const { socket } of this.waiting.splice(0)) resetSocket(socket);
  }

  ref(): void {
    this.isReferenced = true;
    if (this.isStarted && !this.isClosed) this.server.ref();
  }

  unref(): void {
    this.isReferenced = false;
    this.server.unref();
  }

  private get mayServe(): boolean {
    return this.isStarted && !this.isSuspended && !this.isClosed && this.owner.acceptRoom() > 0;
  }

  private accepted(socket: Socket): void {
    const connection = this.describe(socket);
    if (this.waiting.length === 0 && this.mayServe) {
      this.serve(connection);
    } else if (this.waiting.length < this.waitingMax) {
      // Nothing reads or writes, so nothing fails; but an 'error' nobody listens for ends the process.
      socket.on('error', () => {});
      this.waiting.push(connection);
    } else {
      resetSocket(socket);
      this.owner.refused(tooManyWaiting(this.waitingMax));
    }
  }

  /** At once, since a peer that has reset the connection can no longer be told. */
  private describe(socket: Socket): Connection {
    const { address } = this;
    const unix = address.family === 'unix';
    return {
      socket,
      remote: unix ? unixAddress('') : remoteAddressOf(socket, address),
      local: this.isWildcard ? localAddressOf(socket) : address,
      options: this.plan.onConnection,
    };
  }

  private admitLater(): void {
    if (this.isAdmitting || this.waiting.length === 0) return;
    this.isAdmitting = true;
    setImmediate(() => {
      this.isAdmitting = false;
      while (this.waiting.length > 0 && this.mayServe)
        this.serve(this.waiting.shift() as Connection);
    });
  }

  private serve(connection: Connection): void {
    const { owner } = this;
    try {
      const protocol = owner.createProtocol();
      assertProtocol(protocol);
      new NodeTransport(this.environment, owner, protocol, connection).start();
    } catch (thrown) {
      connection.socket.destroy();
      owner.refused(asError(thrown));
    }
  }
}

function tooManyWaiting(most: number): Error {
  return codedError(
    new Error(
      `a client was turned away: node:net cannot stop accepting, and ${most} clients wait already`,
    ),
    'ERR_TOO_MANY_WAITING',
  );
}

/** What node:net would leave out without a word. */
function refuseImpossible(request: ListenRequest): void {
  const { address, backlog, reuseAddress, reusePort } = request;
  if (backlog === 0) {
    throw beyondNode({ name: 'backlog', asked: 0 }, 'node:net takes 0 for its default, 511');
  }
  if (address?.family === 'unix') checkPath(address.path);
  if (address === undefined || address.family === 'unix') return;
  if (reuseAddress !== (process.platform !== 'win32')) {
    const problem = `node:net ${reuseAddress ? 'never' : 'always'} sets it on ${process.platform}`;
    throw beyondNode({ name: 'SO_REUSEADDR', asked: reuseAddress }, problem);
  }
  if (reusePort && !hasReusePort()) {
    const problem = `node:net of Node ${process.versions.node} ignores it (22.12 and 23.1 set it)`;
    throw beyondNode({ name: 'SO_REUSEPORT', asked: true }, problem);
  }
}

/** Whether a version of Node knows the option `reusePort`; older ones ignore it without a word. */
export function hasReusePort(version: string = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major >= 24 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

/** Settles when the server listens, or cannot. */
function listening(server: Server, request: ListenRequest): Promise<void> {
  const { address, fd, backlog, ipv6Only, reusePort } = request;
  return new Promise((resolve, reject) => {
    server.once('error', (error: SystemError) => reject(listenError(error, address, fd)));
    server.once('listening', () => {
      server.removeAllListeners('error');
      resolve();
    });
    if (fd !== undefined) {
      server.listen({ fd }, backlog);
    } else if (address?.family === 'unix') {
      server.listen({ path: address.path, backlog, exclusive: true });
    } else if (address !== undefined) {
      const { host, port } = address;
      const options = { host, port, backlog, ipv6Only, exclusive: true };
      server.listen(reusePort ? { ...options, reusePort } : options);
    }
  });
}

function listenError(error: SystemError, address: Address | undefined, fd?: number): Error {
  // libuv makes ENOENT of bind(2) an EACCES, to be like Windows.
  const isFolderMissing =
    error.code === 'EACCES' &&
    process.platform !== 'win32' &&
    address?.family === 'unix' &&
    !existsSync(dirname(address.path));
  if (isFolderMissing) return systemError(-os.errno.ENOENT, 'listen', address);
  return fd === undefined
    ? systemError(error.errno, 'listen', address)
    : unfit(fd, LISTENABLE, error.message, error);
}
