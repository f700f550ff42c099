import { randomBytes } from 'node:crypto';
import { asError } from '../errors.js';
import { connect, createServer, type Server, type TransportSocket } from '../index.js';
import type { SocketFamily, SocketOption } from '../options/catalogue.js';
import { shownValue } from '../options/error.js';

/** What one option reads on this machine, or why it cannot be read. */
export interface LiveValue {
  /** A listener on which nothing was set but what hawser always sets. */
  readonly listener: string;
  /** A connection that it accepted. */
  readonly accepted: string;
}

/**
 * Reads options on sockets made for the purpose: one listener and one accepted
 * connection per family, on loopback, gone when this returns.
 *
 * @returns by option name; a string instead says why nothing can be read here
 */
export async function readLiveValues(
  options: readonly SocketOption[],
): Promise<ReadonlyMap<string, LiveValue> | string> {
  const values = new Map<string, LiveValue>();
  const families = new Set(options.map(familyFor));
  try {
    for (const family of families) {
      const rows = options.filter((option) => familyFor(option) === family);
      await converse(family, (listener, accepted) => {
        for (const option of rows) {
          values.set(option.name, {
            listener: shown(listener, option),
            accepted: shown(accepted, option),
          });
        }
      });
    }
  } catch (error) {
    // No native engine, no IPv6, no sockets left: what the machine lacks has a code, a mistake here has none.
    if (!(error instanceof Error && 'code' in error)) throw error;
    return error.message;
  }
  return values;
}

/** IPv4 where it will do, because every machine has it. */
function familyFor(option: SocketOption): SocketFamily {
  return option.families.includes('IPv4') ? 'IPv4' : option.families[0]!;
}

async function converse(
  family: SocketFamily,
  look: (listener: TransportSocket, accepted: TransportSocket) => void,
): Promise<void> {
  let accept: (socket: TransportSocket) => void;
  const accepted = new Promise<TransportSocket>((resolve) => {
    accept = resolve;
  });
  const server = await createServer(
    () => ({
      connectionMade: (transport) => accept(transport.socket),
      dataReceived: () => {},
    }),
    {
      ...placeFor(family),
      engine: 'native',
      connectionOptions: family === 'unix' ? {} : { TCP_NODELAY: false },
    },
  );
  try {
    const { transport } = await connect(() => ({ dataReceived: () => {} }), target(server));
    look(server.sockets[0]!, await accepted);
    transport.abort();
    server.abortTransports();
  } finally {
    await server.close({ drainTimeoutMs: 0 });
  }
}

function placeFor(family: SocketFamily): { host: string } | { path: string } {
  if (family === 'IPv4') return { host: '127.0.0.1' };
  if (family === 'IPv6') return { host: '::1' };
  return { path: `\0hawser-options-${process.pid}-${randomBytes(4).toString('hex')}` };
}

function target(server: Server): { host: string; port: number } | { path: string } {
  const address = server.addresses[0]!;
  return address.family === 'unix'
    ? { path: address.path }
    : { host: address.host, port: address.port };
}

function shown(socket: TransportSocket, option: SocketOption): string {
  if (option.type === 'tcp_info') return 'see transport.socket.tcpInfo()';
  try {
    return shownValue(socket.get(option.name));
  } catch (error) {
    return asError(error).message.replace(`${option.name}: `, '');
  }
}
