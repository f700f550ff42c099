import { modes } from './modes.mjs';

/** Failures kept; a run that has more is not read further. */
const FAILURES_KEPT = 20;

/** What one side saw of the conversations of every mode. */
export class Ledger {
  /** mode → conversations over, payload bytes from the client (`up`) and from the server (`down`). */
  modes = Object.fromEntries(
    Object.keys(modes).map((mode) => [mode, { count: 0, up: 0, down: 0 }]),
  );
  failures = [];

  add(mode, up, down) {
    const row = this.modes[mode];
    row.count += 1;
    row.up += up;
    row.down += down;
  }

  note(text) {
    if (this.failures.length < FAILURES_KEPT) this.failures.push(text);
  }
}

/** The server's: it also adds up what the server's own counters must say. */
export class ServerLedger extends Ledger {
  silent = 0;
  bytesRead = 0;
  bytesWritten = 0;

  /** A connection that never said hello. */
  closeSilent(transport) {
    this.silent += 1;
    this.#addBytes(transport);
  }

  close(role, error) {
    const { hello, input, written, transport, otherBytes } = role;
    this.add(hello.mode, input.length, written);
    this.#addBytes(transport);
    if (input.wrongAt >= 0) this.fail(role, `byte ${input.wrongAt} of the input is wrong`);
    if (!modes[hello.mode].survives) return;
    if (error !== null) this.fail(role, `lost: ${error.message}`);
    if (transport.bytesRead !== otherBytes + input.length) {
      this.fail(role, `bytesRead ${transport.bytesRead}, delivered ${otherBytes + input.length}`);
    }
    if (transport.bytesWritten !== written) {
      this.fail(role, `bytesWritten ${transport.bytesWritten}, written ${written}`);
    }
  }

  fail({ hello, input, written }, what) {
    this.note(
      `server, ${hello.mode} of seed ${hello.seed}: ${what}; ` +
        `${input.length} of ${hello.up} bytes in, ${written} out, ${hello.down} asked for`,
    );
  }

  #addBytes(transport) {
    this.bytesRead += transport.bytesRead;
    this.bytesWritten += transport.bytesWritten;
  }
}
