import type { BufferedProtocol, Protocol, ProtocolFactory } from '../protocol.js';
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

/** A chunk of this size begins bulk, one below the other ends it, bytes. */
const BULK_FROM = 16 * 1024;
const BULK_UNTIL = 4 * 1024;

/**
 * Sends back everything. A client that does not read is not read from either, so
 * memory stays bounded.
 *
 * Every received chunk is new memory, which the collector takes back when it sees a
 * reason to, at 64 MiB or more: nothing for messages, much for bulk. Bulk is therefore
 * received into memory that is used again.
 */
class EchoStream implements Protocol {
  private transport!: Transport;
  private bulk: EchoBulk | null = null;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): void {
    const { transport } = this;
    transport.write(data);
    if (data.length < BULK_FROM) return;
    this.bulk ??= new EchoBulk(transport, this);
    transport.protocol = this.bulk;
  }

  pauseWriting(): void {
    this.transport.pauseReading();
  }

  resumeWriting(): void {
    this.transport.resumeReading();
  }
}

/** Shared by all connections: what is in it is written before anybody else receives. */
const bulkMemory = Buffer.allocUnsafeSlow(64 * 1024);

/** The same while bulk arrives. */
class EchoBulk implements BufferedProtocol {
  private readonly transport: Transport;
  private readonly stream: EchoStream;

  constructor(transport: Transport, stream: EchoStream) {
    this.transport = transport;
    this.stream = stream;
  }

  getBuffer(): Buffer {
    return bulkMemory;
  }

  bufferUpdated(byteCount: number): void {
    const { transport } = this;
    transport.write(bulkMemory.subarray(0, byteCount));
    if (byteCount < BULK_UNTIL) transport.protocol = this.stream;
  }

  pauseWriting(): void {
    this.transport.pauseReading();
  }

  resumeWriting(): void {
    this.transport.resumeReading();
  }
}
