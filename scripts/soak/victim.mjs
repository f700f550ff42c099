// A client that is going to be killed: node victim.mjs PORT COUNT. Prints a line once all its
// connections are in full swing: sending more than they read.
import { connect } from 'node:net';
import { formatHello } from './modes.mjs';
import { patternAt } from './pattern.mjs';

const [port, count] = process.argv.slice(2).map(Number);
const PIECE_BYTES = 16 * 1024;
const PIECES = 40;
const SEND_EVERY_MS = 10;

let connected = 0;
for (let seed = 0; seed < count; seed++) {
  const socket = connect({ port, host: '127.0.0.1' }, () => {
    socket.write(formatHello({ mode: 'victim', seed, up: PIECES * PIECE_BYTES, down: 0 }));
    let pieces = 0;
    setInterval(() => {
      if (pieces === PIECES) return;
      socket.write(patternAt(seed, pieces * PIECE_BYTES, PIECE_BYTES));
      pieces += 1;
    }, SEND_EVERY_MS);
    connected += 1;
    if (connected === count) console.log('connected');
  });
  if (seed % 2 === 0) socket.pause();
  else socket.resume();
}
