import type { Protocol, ProtocolFactory } from '../protocol.js';
import type { Transport } from '../transport.js';
import type { EchoSettings } from './flags.js';
import type { Log } from './log.js';
import { LoggedEcho } from './logged-echo.js';

/** The protocol of every connection: without a word per message unless the log has such lines. */
export function echoFactory(
  mode: EchoSettings['mode'],
  quickAck: boolean,
  log: Log,
): ProtocolFactory {
  if (log.has('info')) {
    const context = { mode, quickAck, log, saidUnreadable: false };
    return () => new LoggedEcho(context);
  }
  return mode === 'once' ? () => new EchoOnce() : () => new EchoStream();
}

/** Sends back the first chunk that arrives, whatever its size, and closes, as the recipe does. */
class EchoOnce implements Protocol {
  private transport!: Transport;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.transport.write(data);
    this.transport.close();
  }
}

/** Sends back everything. A client that does not read is not read from either, so memory stays bounded. */
class EchoStream implements Protocol {
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
