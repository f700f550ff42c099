// The server under test, in a process of its own: node --expose-gc server.mjs ENGINE, forked by soak.mjs.
import { createServer } from 'hawser';
import { ServerLedger } from './ledger.mjs';
import { PLANTED, Reception } from './roles.mjs';

/** Garbage is collected several times: what one pass frees may hold more. */
const COLLECTIONS = 4;

const SEND_BUFFER_BYTES = 64 * 1024;

const engine = process.argv[2];
const ledger = new ServerLedger();
let planted = 0;
let exhaustions = 0;

const server = await createServer(() => new Reception(ledger), {
  host: '127.0.0.1',
  backlog: 1024,
  engine,
  // With a small one the kernel often takes only part of what is written.
  connectionOptions: engine === 'native' ? { SO_SNDBUF: SEND_BUFFER_BYTES } : {},
  onError(error) {
    if (error.message === PLANTED) planted += 1;
    else if (error.code === 'EMFILE') exhaustions += 1;
    else ledger.note(`onError: ${error.stack}`);
  },
});

async function report() {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  const { modes, failures, silent, bytesRead, bytesWritten } = ledger;
  return {
    ledger: { modes, failures, silent, bytesRead, bytesWritten },
    planted,
    exhaustions,
    stats: server.stats(),
    open: server.transports.size,
    memory: process.memoryUsage(),
  };
}

process.on('message', async (question) => {
  if (question === 'open') process.send(server.transports.size);
  else if (question === 'report') process.send(await report());
});
process.on('disconnect', () => process.exit());
process.send({ engine: server.engine, port: server.addresses[0].port });
