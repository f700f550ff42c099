// hawser for bulk: a BufferedProtocol, so that received bytes stay in one buffer, as in the C loop.
// Arguments: mode (echo or sink), engine.
import process from 'node:process';
import { createServer } from 'hawser';
import { announce, BACKLOG, mode } from './announce.mjs';

/** One for all connections: `write` has sent or copied the bytes when it returns. */
const memory = Buffer.allocUnsafeSlow(64 * 1024);

class Echo {
  connectionMade(transport) {
    this.transport = transport;
  }

  getBuffer() {
    return memory;
  }

  bufferUpdated(count) {
    this.transport.write(memory.subarray(0, count));
  }

  pauseWriting() {
    this.transport.pauseReading();
  }

  resumeWriting() {
    this.transport.resumeReading();
  }
}

class Sink extends Echo {
  count = 0;

  bufferUpdated(count) {
    this.count += count;
  }

  eofReceived() {
    this.transport.write(`${this.count}\n`);
  }
}

const Chosen = mode === 'sink' ? Sink : Echo;
const server = await createServer(() => new Chosen(), {
  host: '127.0.0.1',
  port: 0,
  backlog: BACKLOG,
  engine: process.argv[3],
});
announce(server.addresses[0].port);
