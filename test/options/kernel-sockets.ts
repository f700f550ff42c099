/**
 * Real sockets on which options can be tried: made by the addon, so that options
 * can be set before bind, and accepted by node:net, so that nothing of hawser's own
 * engines takes part.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Address, ipAddress, unixAddress } from '#hawser/address';
import type { NativeBinding } from '#hawser/engine/native/binding';
import { loadNative } from '#hawser/engine/native/load';
import { encodeAddress } from '#hawser/engine/native/sockaddr';
import { KernelSocket, type SocketKind } from '#hawser/options/access';
import type { SocketFamily } from '#hawser/options/catalogue';
import type { OptionCall } from '#hawser/options/plan';

const loaded = loadNative();

/** Enough for a connection with TCP_DEFER_ACCEPT, or with the SO_RCVLOWAT of the samples. */
const OPENING_BYTES = 256;

/** Why there are no system calls here, for `skip`; false when there are. */
export const noCalls: string | false = loaded.binding === null ? loaded.reason : false;

export function nativeCalls(): NativeBinding {
  if (loaded.binding === null) throw new Error(loaded.reason);
  return loaded.binding;
}

/** A listener with one connection. */
export interface Conversation {
  readonly listener: KernelSocket;
  /** The accepted socket. */
  readonly connection: KernelSocket;
  readonly client: KernelSocket;
  /** The two ends, to carry bytes. */
  readonly accepted: Socket;
  readonly connected: Socket;
}

function wrap(fd: () => number, kind: SocketKind, asked: readonly OptionCall[] = []): KernelSocket {
  return new KernelSocket({ calls: nativeCalls(), fd, kind, asked });
}

/** The descriptor of a socket of node:net. */
function fdOf(socket: object): number {
  return (socket as { _handle?: { fd: number } })._handle?.fd ?? -1;
}

function addressFor(t: TestContext, family: SocketFamily): Address {
  if (family !== 'unix') return ipAddress(family === 'IPv4' ? '127.0.0.1' : '::1', 0);
  const folder = mkdtempSync(join(tmpdir(), 'hawser-options-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return unixAddress(join(folder, 'socket'));
}

function newSocket(family: SocketFamily): number {
  const { constants, socket } = nativeCalls();
  const numbers = { IPv4: constants.AF_INET, IPv6: constants.AF_INET6, unix: constants.AF_UNIX };
  const fd = socket(numbers[family]);
  if (fd < 0) throw new Error(`socket ${family}: ${fd}`);
  return fd;
}

/** A socket that is neither bound nor connected. */
export function freshSocket(t: TestContext, family: SocketFamily): KernelSocket {
  const fd = newSocket(family);
  t.after(() => nativeCalls().close(fd, 0));
  return wrap(() => fd, 'client');
}

/** One connection, whose opening bytes wait unread; `prepare` sees the listener before it is bound. */
export async function converse(
  t: TestContext,
  family: SocketFamily,
  prepare: (listener: KernelSocket) => void = () => {},
  asked: readonly OptionCall[] = [],
): Promise<Conversation> {
  const native = nativeCalls();
  const fd = newSocket(family);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  t.after(() => (server.listening ? server.close() : native.close(fd, 0)));
  prepare(wrap(() => fd, 'listener', asked));
  const address = addressFor(t, family);
  const failed = native.bind(fd, encodeAddress(address, native.constants));
  if (failed < 0) throw new Error(`bind: ${failed}`);
  await new Promise<void>((resolve) => server.listen({ fd }, resolve));
  const connected =
    address.family === 'unix'
      ? connect(address.path)
      : connect((server.address() as AddressInfo).port, address.host);
  const opened = new Promise((sent) => connected.write('x'.repeat(OPENING_BYTES), sent));
  const accepted = await new Promise<Socket>((resolve, reject) => {
    server.once('connection', resolve);
    connected.once('error', reject);
  });
  for (const socket of [accepted, connected]) {
    socket.on('error', () => {}); // A test may have made the connection unusable.
    t.after(() => socket.destroy());
  }
  await opened;
  return {
    listener: wrap(() => fdOf(server), 'listener', asked),
    connection: wrap(() => fdOf(accepted), 'connection', asked),
    client: wrap(() => fdOf(connected), 'client'),
    accepted,
    connected,
  };
}
