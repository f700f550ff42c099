import { type ConnectOptions, connect } from '../connect.js';
import { checkReadLimit } from './arguments.js';
import type { Connection } from './connection.js';
import { StreamConnection } from './stream-connection.js';

/** Where to connect, and how the connection behaves as a stream. */
export interface OpenOptions extends ConnectOptions {
  /** Bytes that the connection buffers before its peer is slowed down (at twice as many); default 64 KiB. */
  readLimit?: number;
}

/**
 * Connects. Rejects as `connect` does. The connection is the caller's to close: `await using` does it.
 */
export async function open(options: OpenOptions): Promise<Connection> {
  const { readLimit, ...connectOptions } = options;
  const settings = { readLimit: checkReadLimit(readLimit), handler: null };
  const { protocol } = await connect(() => new StreamConnection(settings), connectOptions);
  return protocol as StreamConnection;
}
