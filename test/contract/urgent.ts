import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Address } from 'hawser';

/** Node has no way to send urgent data (MSG_OOB, send(2)); Python does. */
const program = `
import socket, sys
host, port, before, urgent, after = sys.argv[1:]
with socket.create_connection((host, int(port))) as s:
    s.sendall(before.encode())
    s.send(urgent.encode(), socket.MSG_OOB)
    s.sendall(after.encode())
    s.shutdown(socket.SHUT_WR)
    while s.recv(4096): pass
`;

/** Sends text with one urgent byte in it, then FIN, and waits for the other end's FIN. */
export async function sendUrgent(
  address: Address,
  before: string,
  urgent: string,
  after: string,
): Promise<void> {
  if (address.family === 'unix') throw new TypeError('unix sockets have no urgent data');
  const { host, port } = address;
  const child = spawn('python3', ['-c', program, host, String(port), before, urgent, after], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`python3 could not send urgent data: exit code ${code}`);
}
