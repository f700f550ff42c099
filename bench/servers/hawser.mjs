// hawser through its public API only. Arguments: mode, engine.
import process from 'node:process';
import { createServer } from 'hawser';
import { announce, BACKLOG, chunk, mode } from './announce.mjs';

const NEWLINE = 10;

class Echo {
  connectionMade(transport) {
    this.transport = transport;
  }

  dataReceived(data) {
    this.transport.write(data);
  }

  pauseWriting() {
    this.transport.pauseReading();
  }

  resumeWriting() {
    this.transport.resumeReading();
  }
}

class Sink {
  count = 0;

  connectionMade(transport) {
    this.transport = transport;
  }

  dataReceived(data) {
    this.count += data.length;
  }

  eofReceived() {
    this.transport.write(`${this.count}\n`);
  }
}

class Source {
  paused = false;

  connectionMade(transport) {
    this.transport = transport;
    this.fill();
  }

  fill() {
    while (!this.paused && !this.transport.isClosing) this.transport.write(chunk);
  }

  dataReceived() {}

  pauseWriting() {
    this.paused = true;
  }

  resumeWriting() {
    this.paused = false;
    this.fill();
  }
}

class Lines extends Echo {
  unfinished = null;

  dataReceived(received) {
    const data = this.unfinished === null ? received : Buffer.concat([this.unfinished, received]);
    let start = 0;
    let end = data.indexOf(NEWLINE) + 1;
    while (end > 0) {
      this.transport.write(data.subarray(start, end));
      start = end;
      end = data.indexOf(NEWLINE, start) + 1;
    }
    this.unfinished = start < data.length ? data.subarray(start) : null;
  }
}

const protocols = { echo: Echo, sink: Sink, source: Source, lines: Lines };
const Chosen = protocols[mode];
const server = await createServer(() => new Chosen(), {
  host: '127.0.0.1',
  port: 0,
  backlog: BACKLOG,
  engine: process.argv[3],
});
announce(server.addresses[0].port);
