import type { Server, Socket } from 'node:net';
import { constants as os } from 'node:os';

/*
 * What node:net knows and does not tell, taken from the `_handle` of its objects.
 * These names are internal, and the same in Node 20, 22, 24 and 26:
 *
 * - `fd`: the descriptor; absent on Windows.
 * - `writeQueueSize`: the bytes of the write under way that the kernel has not
 *   taken; `writableLength` counts a write as a whole until it is done.
 * - `reading`, `readStart`, `readStop`: `socket.pause()` only stops the stream; the
 *   handle goes on until the stream's buffer is full, and so notices a reset.
 * - `getpeername`: the kernel forgets the peer when it resets the connection; the
 *   address that net.Socket gives is remembered. libuv tells of a reset that is
 *   there together with the last data as the end of input (POLLHUP after a short
 *   read), and this tells the two apart.
 *
 * Bun and Deno have a `node:net` without them: there, a paused socket reads ahead
 * by one chunk, a write counts as a whole, a reset can look like the end of input,
 * and there is no descriptor.
 */
interface Handle {
  readonly fd?: number;
  readonly writeQueueSize?: number;
  reading?: boolean;
  readStart?(): number;
  readStop?(): number;
  getpeername?(into: object): number;
}

function handleOf(owner: Socket | Server): Handle | null {
  return (owner as unknown as { _handle?: Handle | null })._handle ?? null;
}

/** The file descriptor, or -1 when closed or not known. */
export function descriptorOf(owner: Socket | Server): number {
  return handleOf(owner)?.fd ?? -1;
}

/** How many of the `written` bytes, a write under way, the kernel has not taken. */
export function unsentOf(socket: Socket, written: number): number {
  return Math.min(written, handleOf(socket)?.writeQueueSize ?? written);
}

/** Whether a TCP connection whose write side is open has been reset. */
export function isDisconnected(socket: Socket): boolean {
  return handleOf(socket)?.getpeername?.({}) === -os.errno.ENOTCONN;
}

/** Goes on receiving; 'data' comes later, never from inside. */
export function startReading(socket: Socket): void {
  socket.resume();
  const handle = handleOf(socket);
  if (handle?.readStart === undefined || handle.reading !== false) return;
  handle.reading = true;
  handle.readStart();
}

/** Stops receiving at once: what the peer sends from now on stays in the kernel. */
export function stopReading(socket: Socket): void {
  socket.pause();
  const handle = handleOf(socket);
  if (handle?.readStop === undefined || handle.reading !== true) return;
  handle.reading = false;
  handle.readStop();
}
