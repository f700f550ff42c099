// One run of the load generator (../load) against a running server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onLoadCore } from './cores.mjs';
import { buildLoad } from './programs.mjs';

const LIMIT_MS = 60_000;

function start(server, settings) {
  const all = { port: server.port, pid: server.pid, ...settings };
  const args = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  const [program, ...rest] = onLoadCore([buildLoad(), ...args]);
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], timeout: LIMIT_MS });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { done, value } = await lines.next();
    if (done) throw new Error(errors.trim() || `the generator was ended after ${LIMIT_MS} ms`);
    return value;
  };
  return { child, nextLine };
}

/** Runs one load to its end. Settings are those of ../load/main.c; the result is its report. */
export async function runLoad(server, settings) {
  const { child, nextLine } = start(server, settings);
  const ended = once(child, 'exit');
  const report = JSON.parse(await nextLine());
  await ended;
  if (report.errors > 0) throw new Error(`${report.errors} errors: ${report.firstError}`);
  return report;
}

/** Opens idle connections; the memory of the warm server without them and with them. */
export async function runIdle(server, settings) {
  const { child, nextLine } = start(server, { mode: 'idle', ...settings });
  const ended = once(child, 'exit');
  const reach = async (stage) => {
    const line = await nextLine();
    if (line !== stage) throw new Error(`expected "${stage}" from the generator, got ${line}`);
    const memory = await server.memory();
    child.stdin.write('\n');
    return memory;
  };
  const before = await reach('warm');
  const after = await reach('open');
  await ended;
  return { before, after };
}
