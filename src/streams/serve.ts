import { createServer, type Server, type ServerOptions } from '../server.js';
import { checkReadLimit } from './arguments.js';
import type { Connection } from './connection.js';
import { StreamConnection } from './stream-connection.js';

/** The options of a server, and of its connections as streams. */
export interface ServeOptions extends ServerOptions {
  /** Bytes that a connection buffers before its peer is slowed down (at twice as many); default 64 KiB. */
  readLimit?: number;
}

/**
 * What runs on each connection. When it returns, the connection is closed in order: what was
 * written is sent first. When it throws or rejects, its connection is aborted and the
 * error reported to the server's `onError`, unless the error is the loss of this very connection.
 */
export type ConnectionHandler = (connection: Connection) => unknown;

/**
 * Listens, and runs `handler` once per connection.
 *
 * @throws TypeError, RangeError, SocketOptionError and errors of Node's shape, as `createServer`
 */
export async function serve(
  handler: ConnectionHandler,
  options: ServeOptions = {},
): Promise<Server> {
  if (typeof handler !== 'function') {
    throw new TypeError(`serve(handler): handler must be a function; got ${typeof handler}`);
  }
  const { readLimit, ...serverOptions } = options;
  const settings = { readLimit: checkReadLimit(readLimit), handler };
  return createServer(() => new StreamConnection(settings), serverOptions);
}
