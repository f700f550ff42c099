import { modes, parseHello, replySeed } from './modes.mjs';
import { PatternCheck, patternAt } from './pattern.mjs';
import { Random } from './random.mjs';

/** What is written at once, at most, bytes. */
const WRITE_BYTES = 256 * 1024;
/** Pieces that a connection writes in one turn, at most. */
const PASSES = 8;
/** How long the event loop is held up, ms. */
const STALL_MAX_MS = 40;
/** A line longer than this is no hello. */
const HELLO_MAX = 100;

/** What a deliberately failing protocol throws. */
export const PLANTED = 'a planted error';

/** Reads the hello and hands the connection to the role it asks for. */
export class Reception {
  #ledger;
  #transport;
  #line = Buffer.alloc(0);

  constructor(ledger) {
    this.#ledger = ledger;
  }

  connectionMade(transport) {
    this.#transport = transport;
  }

  dataReceived(data) {
    this.#line = Buffer.concat([this.#line, data]);
    const end = this.#line.indexOf(10);
    if (end < 0 && this.#line.length <= HELLO_MAX) return;
    const hello = parseHello(this.#line.toString('latin1', 0, end));
    const role = new roles[modes[hello.mode].role](hello, this.#transport, this.#ledger);
    role.otherBytes = end + 1;
    this.#transport.protocol = role;
    role.begin();
    role.feed(this.#line.subarray(end + 1));
  }

  connectionLost() {
    this.#ledger.closeSilent(this.#transport);
  }
}

/**
 * Writes replies, a piece of each in turn and several times before the event loop goes on: what one
 * connection writes in a turn is mixed with what the others do.
 */
class Pump {
  #writers = new Set();

  add(role) {
    if (this.#writers.size === 0) setImmediate(() => this.#write());
    this.#writers.add(role);
  }

  #write() {
    for (let pass = 0; pass < PASSES; pass++) {
      for (const role of this.#writers) if (!role.writePiece()) this.#writers.delete(role);
    }
    if (this.#writers.size > 0) setImmediate(() => this.#write());
  }
}

const pump = new Pump();

/** What all roles do: check what comes, count, and write replies with the flow control of the transport. */
class Role {
  /** Bytes that came but are no input: the hello, and what is behind it when the role closes at once. */
  otherBytes = 0;
  hello;
  transport;
  input;
  random;
  /** Bytes written. */
  written = 0;
  isWritable = true;
  #ledger;
  #rest = 0;
  #whenWritten;

  constructor(hello, transport, ledger) {
    this.hello = hello;
    this.transport = transport;
    this.#ledger = ledger;
    this.input = new PatternCheck(hello.seed);
    this.random = new Random(hello.seed);
  }

  begin() {}

  /** What came in one piece with the hello. */
  feed(rest) {
    if (this.transport.isClosing) this.otherBytes += rest.length;
    else if (rest.length > 0) this.dataReceived(rest);
  }

  dataReceived(data) {
    this.input.add(data);
    this.received(data);
  }

  received() {}

  write(data) {
    this.written += data.length;
    this.transport.write(data);
  }

  /** Writes `count` bytes of the reply as fast as the peer takes them, then calls `whenWritten`. */
  reply(count, whenWritten) {
    this.#rest = count;
    this.#whenWritten = whenWritten;
    pump.add(this);
  }

  /** Writes a piece of the reply; false when there is no more, or for now no room. */
  writePiece() {
    if (!this.isWritable || this.transport.isClosing) return false;
    const length = Math.min(this.#rest, this.random.size(WRITE_BYTES));
    this.#rest -= length;
    this.write(patternAt(replySeed(this.hello), this.written, length));
    if (this.#rest === 0) this.#whenWritten();
    return this.#rest > 0;
  }

  pauseWriting() {
    if (!this.isWritable) this.#ledger.fail(this, 'pauseWriting twice');
    this.isWritable = false;
  }

  resumeWriting() {
    if (this.isWritable) this.#ledger.fail(this, 'resumeWriting twice');
    this.isWritable = true;
    if (this.#rest > 0) pump.add(this);
  }

  connectionLost(error) {
    this.#ledger.close(this, error);
  }
}

/** Sends back what comes, and stops reading while the peer does not take it. */
class Echo extends Role {
  received(data) {
    this.write(data);
  }

  pauseWriting() {
    super.pauseWriting();
    this.transport.pauseReading();
  }

  resumeWriting() {
    super.resumeWriting();
    this.transport.resumeReading();
  }
}

/** An echo that holds the event loop up, so that much waits on many connections at once. */
class Stall extends Echo {
  received(data) {
    const until = performance.now() + this.random.between(1, STALL_MAX_MS);
    while (performance.now() < until);
    super.received(data);
  }
}

/** An echo that receives into one piece of memory of its own, of which it offers more or less. */
class OwnMemory extends Echo {
  #memory = Buffer.allocUnsafe(64 * 1024);
  #offered = this.#memory;

  getBuffer() {
    this.#offered = this.#memory.subarray(0, this.random.size(this.#memory.length));
    return this.#offered;
  }

  bufferUpdated(count) {
    this.dataReceived(this.#offered.subarray(0, count));
  }
}

/** Takes everything until the peer's FIN, and only then answers. */
class HalfClose extends Role {
  eofReceived() {
    this.reply(this.hello.down, () => this.transport.close());
    return true;
  }
}

/** Takes input with pauses of its own, then answers. */
class Paused extends HalfClose {
  received() {
    if (this.random.between(0, 3) > 0) return;
    this.transport.pauseReading();
    setTimeout(() => this.transport.resumeReading(), this.random.between(0, 5));
  }
}

/** Writes everything at once, deaf to flow control, and closes while input may still come. */
class Burst extends Role {
  begin() {
    const { down } = this.hello;
    const chunks = [];
    while (this.written < down) {
      const length = Math.min(down - this.written, WRITE_BYTES);
      chunks.push(patternAt(replySeed(this.hello), this.written, length));
      this.written += length;
    }
    this.transport.writev(chunks);
    this.transport.close();
  }
}

/** Ends the connection by force, with a reply under way, when all input is there. */
class Ending extends Role {
  received() {
    if (this.input.length < this.hello.up) return;
    this.write(patternAt(replySeed(this.hello), 0, this.hello.down));
    this.end();
    // Dropped and counted, never thrown.
    this.transport.write('late');
  }
}

class Reset extends Ending {
  end() {
    this.transport.reset();
  }
}

class Abort extends Ending {
  end() {
    this.transport.abort();
  }
}

class Throws extends Role {
  received() {
    if (this.input.length >= this.hello.up) throw new Error(PLANTED);
  }
}

const roles = {
  echo: Echo,
  ownMemory: OwnMemory,
  stall: Stall,
  halfClose: HalfClose,
  paused: Paused,
  burst: Burst,
  reset: Reset,
  abort: Abort,
  throws: Throws,
};
