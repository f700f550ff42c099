// The asyncio recipe that hawser began with, line by line (docs/asyncio.md has the two side by side).
import { threadId } from 'node:worker_threads';
import { createServer, type Protocol, type SocketOptions, type Transport } from 'hawser';

const tcpNodelay = true;
const tcpQuickack = true;
const tcpKeepaliveIdle: number | null = 1800;
const tcpKeepaliveCnt: number | null = 9;
const tcpKeepaliveIntvl: number | null = 15;

const debug = (message: string) => console.error(`[MainThread (${threadId})] ${message}`);

function keepalive(): SocketOptions {
  const asked = {
    TCP_KEEPIDLE: tcpKeepaliveIdle,
    TCP_KEEPCNT: tcpKeepaliveCnt,
    TCP_KEEPINTVL: tcpKeepaliveIntvl,
  };
  const given = Object.entries(asked).filter(([, value]) => value !== null);
  return given.length === 0 ? {} : { SO_KEEPALIVE: true, ...Object.fromEntries(given) };
}

class EchoServerProtocol implements Protocol {
  #transport!: Transport;

  connectionMade(transport: Transport): void {
    debug(`connected from ${transport.remoteAddress}`);
    this.#transport = transport;
    const { socket } = transport;
    debug(`reuse_address: ${socket.get('SO_REUSEADDR')}`);
    debug(`reuse_port: ${socket.get('SO_REUSEPORT')}`);
    debug(`recv_buf_size: ${socket.get('SO_RCVBUF')}`);
    debug(`send_buf_size: ${socket.get('SO_SNDBUF')}`);
    debug(`TCP Nodelay: ${socket.get('TCP_NODELAY')}`);
    if (tcpQuickack) socket.set('TCP_QUICKACK', true); // a FIN that came early has cleared it
    debug(`TCP Quick ACK: ${socket.get('TCP_QUICKACK')}`);
    debug(`TCP Keep-Alive idle time (seconds): ${socket.get('TCP_KEEPIDLE')}`);
    debug(`TCP Keep-Alive retries: ${socket.get('TCP_KEEPCNT')}`);
    debug(`TCP Keep-Alive interval time (seconds): ${socket.get('TCP_KEEPINTVL')}`);
    debug(`TCP Keep-Alive: ${socket.get('SO_KEEPALIVE')}`);
  }

  dataReceived(data: Buffer): void {
    debug(`recv: ${JSON.stringify(data.toString('latin1'))}`);
    this.#transport.write(data);
    debug(`sent: ${JSON.stringify(data.toString('latin1'))}`);
    this.#transport.close();
  }
}

const server = await createServer(() => new EchoServerProtocol(), {
  ...{ host: '127.0.0.1', port: Number(process.env.PORT ?? 8888), backlog: 100 },
  ...{ reuseAddress: true, reusePort: true, startServing: true },
  connectionOptions: { TCP_NODELAY: tcpNodelay, ...keepalive() },
  quickAck: tcpQuickack,
});
debug(`Serving on ${server.addresses.join(', ')}`);
await server.serveForever();
