import { once } from 'node:events';
import { type NetConnectOpts, connect as netConnect, type Socket } from 'node:net';
import { explainEngine, type Protocol, type Server, type Transport } from 'hawser';

/** The engines that can be tried here. */
export const engines: readonly ('native' | 'node')[] =
  explainEngine().name === 'native' ? ['native', 'node'] : ['node'];

/** Sends back everything until the peer's FIN. */
export function echo(): Protocol {
  let transport: Transport;
  return {
    connectionMade(made) {
      transport = made;
    },
    dataReceived(data) {
      transport.write(data);
    },
  };
}

/** The port of a server's only listener. */
export function portOf(server: Server): number {
  const address = server.addresses[0];
  if (address === undefined || address.family === 'unix') {
    throw new Error(`the server listens on ${address}, which has no port`);
  }
  return address.port;
}

/** A raw client that is connected. */
export async function rawClient(target: NetConnectOpts): Promise<Socket> {
  const socket = netConnect({ allowHalfOpen: true, ...target } as NetConnectOpts);
  await once(socket, 'connect');
  return socket;
}

/** Sends `text` and FIN over a raw connection; returns what came back before the end. */
export async function exchange(target: NetConnectOpts, text: string): Promise<string> {
  const socket = await rawClient(target);
  socket.end(text);
  return Buffer.concat(await socket.toArray()).toString();
}
