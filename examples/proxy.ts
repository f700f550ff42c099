// A TCP proxy. The slower side sets the pace, a half-close goes through, and a reset too.
import { connect, createServer, type Protocol, type Transport } from 'hawser';

const [host, port] = (process.env.TARGET ?? '127.0.0.1:8888').split(':');

/** One connection of a pair; what it receives leaves by the other. */
class Side implements Protocol {
  other!: Side;
  transport: Transport | null = null;
  ended = false;
  readonly gone = new AbortController();

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.other.transport?.write(data);
  }

  eofReceived(): boolean {
    this.ended = true;
    this.other.transport?.writeEof();
    if (this.other.ended) this.other.transport?.close();
    return !this.other.ended;
  }

  pauseWriting(): void {
    this.other.transport?.pauseReading();
  }

  resumeWriting(): void {
    this.other.transport?.resumeReading();
  }

  connectionLost(error: Error | null): void {
    this.gone.abort(error);
    if (error === null) this.other.transport?.close();
    else this.other.transport?.reset();
  }
}

class Client extends Side {
  override other = Object.assign(new Side(), { other: this as Side });

  // What this promise rejects with ends the connection, as if it had been thrown.
  override async connectionMade(transport: Transport): Promise<void> {
    this.transport = transport;
    transport.pauseReading();
    await connect(() => this.other, { host, port: Number(port), signal: this.gone.signal });
    transport.resumeReading();
  }
}

const server = await createServer(() => new Client(), {
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8080),
  onError: (error) => console.error(`a connection failed: ${error.message}`),
});
console.log(`Serving on ${server.addresses[0]}`);
