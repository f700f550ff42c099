import { connect, Socket } from 'node:net';
import { type Address, ipAddress, unixAddress } from '../../address.js';
import { asError, type SystemError, systemError } from '../../errors.js';
import type { OptionCalls } from '../../options/access.js';
import { assertProtocol } from '../../protocol.js';
import type { Transport } from '../../transport.js';
import { CONNECTED, checkConnected, unfit } from '../descriptor.js';
import type { ConnectionOwner, DialRequest } from '../engine.js';
import { checkPath, localAddressOf } from './address.js';
import { stopReading } from './handle.js';
import { checkQuickAck, type NodePlan, nodeClientPlan } from './options.js';
import { type NodeEnvironment, NodeTransport } from './transport.js';

/** One connection attempt; see `Engine.dial`. */
export async function dial(
  environment: NodeEnvironment,
  request: DialRequest,
  owner: ConnectionOwner,
): Promise<Transport> {
  request.signal?.throwIfAborted();
  checkQuickAck(owner.settings.quickAck, environment.calls);
  const plan = nodeClientPlan(request.plan, environment.calls);
  const { address, fd } = request;
  if (address === undefined) {
    const [socket, remote] = adopt(environment.calls, fd as number);
    return open(environment, owner, socket, remote, plan);
  }
  if (address.family === 'unix') checkPath(address.path);
  return new Promise((resolve, reject) => {
    const socket = startConnecting(address, request.localAddress);
    const { signal } = request;
    const giveUp = (error: Error) => {
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = () => giveUp(asError(signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.on('error', (error: SystemError) => giveUp(connectError(error, request)));
    // Opened in the same call, so that no event falls between the attempt and its transport.
    socket.once('connect', () => {
      signal?.removeEventListener('abort', onAbort);
      socket.removeAllListeners('error');
      try {
        resolve(open(environment, owner, socket, address, plan));
      } catch (thrown) {
        reject(asError(thrown));
      }
    });
  });
}

function startConnecting(address: Address, local: Address | undefined): Socket {
  const common = { allowHalfOpen: true };
  const target =
    address.family === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  const from =
    local === undefined || local.family === 'unix'
      ? {}
      : { localAddress: local.host, localPort: local.port };
  const socket = connect({ ...common, ...target, ...from });
  socket.pause();
  return socket;
}

/** Makes the transport of a connected socket, which is destroyed when that fails. */
function open(
  environment: NodeEnvironment,
  owner: ConnectionOwner,
  socket: Socket,
  remote: Address,
  plan: NodePlan,
): Transport {
  try {
    const protocol = owner.createProtocol();
    assertProtocol(protocol);
    const local = remote.family === 'unix' ? unixAddress('') : localAddressOf(socket);
    const options = plan.onConnection;
    const connection = { socket, remote, local, options };
    const transport = new NodeTransport(environment, owner, protocol, connection);
    transport.start();
    return transport;
  } catch (thrown) {
    socket.destroy();
    throw asError(thrown);
  }
}

/** A socket that was connected elsewhere, and its peer. */
function adopt(calls: OptionCalls | null, fd: number): [Socket, Address] {
  if (calls !== null) checkConnected(calls, fd);
  let socket: Socket;
  try {
    socket = new Socket({ fd, allowHalfOpen: true });
  } catch (thrown) {
    throw unfit(fd, CONNECTED, asError(thrown).message, thrown);
  }
  // node:net starts to read what it is given; nothing can have arrived yet.
  stopReading(socket);
  if (socket.localAddress === undefined) return [socket, unixAddress('')];
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress !== undefined) return [socket, ipAddress(remoteAddress, remotePort as number)];
  socket.destroy();
  throw unfit(fd, CONNECTED, 'it has no peer');
}

function connectError(error: SystemError, request: DialRequest): Error {
  const { address, localAddress } = request;
  if (typeof error.errno !== 'number') return error;
  const concerned = error.syscall === 'bind' ? localAddress : address;
  return systemError(error.errno, error.syscall ?? 'connect', concerned);
}
