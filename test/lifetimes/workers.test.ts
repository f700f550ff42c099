import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainEngine } from 'hawser';
import { runProgram } from './programs.js';

const { name, reason } = explainEngine();
const ROUNDS = 50;
const WORKERS = 4;

describe('worker threads', { skip: name === 'native' ? false : reason }, () => {
  it(`${WORKERS} workers started and ended ${ROUNDS} times under load leave no descriptor and do not crash`, async () => {
    const outcome = await runProgram(
      `
      const { Worker } = await import('node:worker_threads');
      const { once } = await import('node:events');
      const { readdirSync } = await import('node:fs');
      const program = (url) => \`
        const { parentPort } = require('node:worker_threads');
        import(\${JSON.stringify(url)}).then(async ({ createServer, connect }) => {
          const echo = () => { let transport; return {
            connectionMade(made) { transport = made; transport.write('x'.repeat(2000)); },
            dataReceived(data) { transport.write(data); },
          }; };
          const server = await createServer(echo, { host: '127.0.0.1', engine: 'native' });
          for (let i = 0; i < 5; i++) await connect(echo, { host: '127.0.0.1', port: server.addresses[0].port });
          const busy = setInterval(() => {
            if (server.stats().bytesRead < 100000) return;
            clearInterval(busy);
            parentPort.postMessage('busy');
          }, 1);
        });
      \`;
      const url = hawserUrl;
      const round = async () => {
        const workers = Array.from({ length: ${WORKERS} }, () => new Worker(program(url), { eval: true, execArgv: [] }));
        await Promise.all(workers.map((worker) => once(worker, 'message')));
        await Promise.all(workers.map((worker) => worker.terminate()));
      };
      await round();
      const count = () => readdirSync('/proc/self/fd').length;
      const before = count();
      for (let i = 1; i < ${ROUNDS}; i++) await round();
      console.log(count() - before);
    `,
      110_000,
    );
    assert.deepEqual(
      [outcome.stdout, outcome.code, outcome.signal],
      ['0\n', 0, null],
      outcome.stderr,
    );
  });
});
