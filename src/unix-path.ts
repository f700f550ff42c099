import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import type { UnixAddress } from './address.js';
import type { ConnectionOwner, Engine, Listener } from './engine/engine.js';
import type { SystemError } from './errors.js';
import { defaultWriteBufferLimits } from './flow-control.js';

/**
 * Listens on a path. A socket file that nobody answers on is left over from a
 * server that was killed, and is replaced; one that answers, or any other file, is
 * EADDRINUSE. The file gets its mode before anybody can connect, and goes with the listener, if it is still the one we made.
 */
export async function listenOnPath(
  address: UnixAddress,
  engine: Engine,
  mode: number | undefined,
  listen: () => Promise<Listener>,
): Promise<Listener> {
  const { path } = address;
  if (path.startsWith('\0') || engine.hasSocketFiles === false) return listen();
  let listener: Listener;
  try {
    listener = await listen();
  } catch (error) {
    if ((error as SystemError).code !== 'EADDRINUSE') throw error;
    if (!isSocket(path) || (await answers(address, engine))) throw error;
    unlinkSync(path);
    listener = await listen();
  }
  const removing = removingFile(listener, path);
  if (mode !== undefined) chmodSync(path, mode);
  return removing;
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

/** Whether a server accepts connections there: only a refusal says that it does not. */
async function answers(address: UnixAddress, engine: Engine): Promise<boolean> {
  const plan = { beforeBind: [], beforeListen: [], beforeConnect: [], perConnection: [] };
  try {
    const transport = await engine.dial({ address, plan }, passer);
    transport.abort();
    return true;
  } catch (error) {
    return (error as SystemError).code !== 'ECONNREFUSED';
  }
}

/** The owner of a connection that is only made to see whether it can be. */
const passer: ConnectionOwner = {
  server: null,
  settings: { writeBufferLimits: defaultWriteBufferLimits, lingerTimeoutMs: 0, quickAck: false },
  createProtocol: () => ({ dataReceived() {} }),
  opened: () => true,
  closed() {},
  failed() {},
  writeDropped() {},
};

function removingFile(listener: Listener, path: string): Listener {
  const made = lstatSync(path, { bigint: true });
  const close = listener.close.bind(listener);
  let closed = false;
  listener.close = () => {
    if (closed) return;
    closed = true;
    try {
      // Before the socket closes: afterwards somebody else may have taken the path.
      const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (now !== undefined && now.ino === made.ino && now.dev === made.dev) unlinkSync(path);
    } finally {
      close();
    }
  };
  return listener;
}
