// A unix socket that only its owner can connect to. The kernel says who did, and no client can lie.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Protocol, type Transport } from 'hawser';

class WhoAmI implements Protocol {
  connectionMade(transport: Transport): void {
    const { pid, uid, gid } = transport.socket.get('SO_PEERCRED');
    transport.write(`You are process ${pid} of user ${uid} and group ${gid}.\n`);
    transport.close();
  }

  dataReceived(): void {}
}

const server = await createServer(() => new WhoAmI(), {
  path: process.env.SOCKET_PATH ?? join(tmpdir(), 'hawser-who.sock'),
  pathMode: 0o600,
});
console.log(`Serving on ${server.addresses[0]}`);

// An orderly end takes the socket file with it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
