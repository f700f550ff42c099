import { readdirSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import type { Address, Engine } from 'hawser';
import type { ContractSetup, RawPeerOptions } from 'hawser/testing';
import { ipAddress } from '#hawser/address';
import { loadNative } from '#hawser/engine/native/load';
import { connectSocketPeer, listenSocketPeer } from './socket-peer.js';
import { sendUrgent } from './urgent.js';

/** Round trips of an independent connection that count as "everything has arrived". */
const SETTLE_ROUND_TRIPS = 3;

/** The setup of an engine on the kernel's sockets; its peers are node:net's. */
export async function socketSetup(
  name: string,
  engine: Engine,
  exceptions: Record<string, string>,
): Promise<ContractSetup> {
  return {
    name,
    engine,
    exceptions,
    connectPeer: connectSocketPeer,
    listenPeer: listenSocketPeer,
    settle: await makeSettle(),
    openSockets: countSockets,
    listeningDescriptor,
    connectedDescriptor,
    hangingAddress,
    sendUrgent,
  };
}

/**
 * The kernel delivers over loopback in order, so what was sent before a round trip
 * began is there when it ends, and every event loop turn of it polled every socket.
 */
async function makeSettle(): Promise<() => Promise<void>> {
  const server = net.createServer((socket) => socket.unref().pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const client = net.connect(port, '127.0.0.1');
  await new Promise<void>((resolve) => client.once('connect', resolve));
  server.unref();
  client.unref();
  return async () => {
    client.ref();
    for (let i = 0; i < SETTLE_ROUND_TRIPS; i++) {
      client.write('.');
      await new Promise((resolve) => client.once('data', resolve));
    }
    client.unref();
  };
}

/** Every socket of this process. */
function countSockets(): number {
  let count = 0;
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`).startsWith('socket:')) count++;
    } catch {
      // The descriptor that read the folder is gone by now.
    }
  }
  return count;
}

/** A listening socket that belongs to no engine, straight from the system calls. */
function listeningDescriptor(backlog = 16): { fd: number; address: Address } {
  const calls = binding();
  const fd = calls.socket(calls.constants.AF_INET);
  const name = Buffer.alloc(calls.constants.SOCKADDR_IN_BYTES);
  name.writeUInt16LE(calls.constants.AF_INET, 0);
  name.set([127, 0, 0, 1], 4);
  const failed =
    calls.bind(fd, name) || calls.listen(fd, backlog) || Math.min(0, calls.getsockname(fd, name));
  if (failed < 0) throw new Error(`no listening socket could be made: errno ${-failed}`);
  return { fd, address: ipAddress('127.0.0.1', name.readUInt16BE(2)) };
}

/** With backlog 0 the kernel's queue holds one connection, and this one is never accepted (listen(2)). */
async function hangingAddress() {
  const { fd, address } = listeningDescriptor(0);
  const peer = await connectSocketPeer(address, { limitMs: 0 });
  return {
    address,
    close: async () => {
      await peer.destroy();
      binding().close(fd, 0);
    },
  };
}

/** A connected socket that belongs to no engine. */
async function connectedDescriptor(options: RawPeerOptions) {
  const calls = binding();
  const listener = await listenSocketPeer(options);
  const { address } = listener;
  const fd = calls.socket(calls.constants.AF_INET);
  const name = Buffer.alloc(calls.constants.SOCKADDR_IN_BYTES);
  name.writeUInt16LE(calls.constants.AF_INET, 0);
  name.writeUInt16BE(address.family === 'unix' ? 0 : address.port, 2);
  name.set([127, 0, 0, 1], 4);
  calls.connect(fd, name);
  const peer = await listener.accept();
  await listener.close();
  return { fd, peer };
}

function binding() {
  const loaded = loadNative();
  if (loaded.binding === null) throw new Error(`raw descriptors need the addon: ${loaded.reason}`);
  return loaded.binding;
}
