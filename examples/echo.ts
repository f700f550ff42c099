// Everything a client sends comes back. A client that does not read is not read from either.
import { createServer, type Protocol, type Transport } from 'hawser';

class Echo implements Protocol {
  private transport!: Transport;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }

  pauseWriting(): void {
    this.transport.pauseReading();
  }

  resumeWriting(): void {
    this.transport.resumeReading();
  }
}

const server = await createServer(() => new Echo(), {
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8888),
  connectionOptions: { SO_KEEPALIVE: true, TCP_KEEPIDLE: 1800, TCP_USER_TIMEOUT: 30_000 },
});
console.log(`Serving on ${server.addresses[0]}, ${server.engine} engine`);
