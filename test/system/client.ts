import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a client got: every byte until EOF, or the error that came instead. */
export interface Answer {
  readonly data: Buffer;
  readonly error: NodeJS.ErrnoException | null;
}

/** Connects; resolves when the handshake is done. The caller sees every event. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Reads until EOF or an error. */
export function readAll(socket: Socket): Promise<Answer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const settle = (error: Error | null) => {
      socket.destroy();
      resolve({ data: Buffer.concat(chunks), error });
    };
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.once('end', () => settle(null));
    socket.once('error', settle);
  });
}

/** Sends `data` at once and reads until EOF; with `fin`, says that nothing more comes. */
export async function ask(port: number, data: string | Uint8Array, fin = false): Promise<Answer> {
  const socket = await dial(port);
  const answer = readAll(socket);
  if (fin) socket.end(data);
  else socket.write(data);
  return answer;
}

/** Calls `task` for 0 to `count - 1`, `width` at a time. */
export async function inParallel(
  count: number,
  width: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
