import { once } from 'node:events';
import net from 'node:net';
import {
  type Address,
  createServer,
  type Protocol,
  type Server,
  type ServerOptions,
  type Transport,
} from 'hawser';
import { loadNative } from '#hawser/engine/native/load';
import { NodeEngine } from '#hawser/engine/node/engine';

/** The addon, for looking at a socket from outside its engine. */
export const { binding } = loadNative();

/** For tests that look at sockets through the addon. */
export const needsAddon = { skip: binding === null && 'the addon is not built' };

/** The engine as it is on a machine without the addon. */
export const plain = new NodeEngine(null);

/** What a test can wait for in its server's protocols. */
export class Recorder implements Protocol {
  transport!: Transport;
  text = '';
  lost: Error | null | undefined;
  private watchers: (() => void)[] = [];
  private readonly made: (transport: Transport) => void;

  constructor(made: (transport: Transport) => void = () => {}) {
    this.made = made;
  }

  connectionMade(transport: Transport): void {
    this.transport = transport;
    this.made(transport);
    this.changed();
  }

  dataReceived(data: Buffer): void {
    this.text += data.toString('latin1');
    this.changed();
  }

  connectionLost(error: Error | null): void {
    this.lost = error;
    this.changed();
  }

  async until(condition: (recorder: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.watchers.push(resolve));
  }

  private changed(): void {
    for (const watcher of this.watchers.splice(0)) watcher();
  }
}

/** A server whose connections are recorded; disposing it aborts them and closes. */
export class Served implements AsyncDisposable {
  server!: Server;
  readonly recorders: Recorder[] = [];
  private watchers: (() => void)[] = [];

  make(made: ((transport: Transport) => void) | undefined): Recorder {
    const recorder = new Recorder(made);
    this.recorders.push(recorder);
    for (const watcher of this.watchers.splice(0)) watcher();
    return recorder;
  }

  /** Resolves when connection `index` is there and its recorder fulfils `condition`. */
  async until(index: number, condition: (recorder: Recorder) => boolean): Promise<void> {
    while (this.recorders.length <= index) {
      await new Promise<void>((resolve) => this.watchers.push(resolve));
    }
    const recorder = this.recorders[index] as Recorder;
    await recorder.until((now) => now.transport !== undefined && condition(now));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.abortTransports();
    await this.server.close();
  }
}

export async function serve(
  options: ServerOptions,
  made?: (transport: Transport) => void,
): Promise<Served> {
  const served = new Served();
  const factory = () => served.make(made);
  served.server = await createServer(factory, { engine: plain, host: '127.0.0.1', ...options });
  return served;
}

/** A connection of plain node:net, after 'connect'. */
export async function connectTo(address: Address | undefined): Promise<net.Socket> {
  if (address === undefined || address.family === 'unix') throw new Error('no TCP address');
  const socket = net.connect({ host: address.host, port: address.port, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** A turn of the event loop, in which it polled every socket. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when `condition` holds, looked at once a turn. */
export async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}
