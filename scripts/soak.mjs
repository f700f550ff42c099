#!/usr/bin/env node
// Runs mixed traffic with faults against one server and checks that nothing is lost, miscounted or
// left behind. `npm run soak -- --help` lists the flags.
//
// The run is a number of rounds. Each opens many connections, holds conversations of every kind
// beside them (soak/modes.mjs) with faults in between (soak/faults.mjs), and ends quiet: all but a
// few connections that live through the whole run are closed. Then every byte, counter and
// descriptor must be accounted for, and the memory is measured.
import { parseArgs } from 'node:util';
import { disagreements } from './soak/checks.mjs';
import { descriptors } from './soak/faults.mjs';
import { Random } from './soak/random.mjs';
import { growth, printModes, printRound, printRoundHeader } from './soak/report.mjs';
import { playRound } from './soak/round.mjs';
import { ServerProcess } from './soak/server-process.mjs';
import { Traffic } from './soak/traffic.mjs';

const USAGE = `usage: npm run soak -- [flags]
  --seconds N      how long, about; default 60
  --engine NAME    native or node; default native
  --rate N         traffic, MB per second, at most; default 20
  --connections N  open at once beside the traffic; default 1000
  --seed N         of all choices; default: another one each time`;

/** Connections that live through the whole run. */
const VETERANS = 16;
/** Conversations of the traffic under way at once. */
const CONCURRENCY = 48;
const ROUND_SECONDS = 15;
const ROUNDS_MAX = 30;

function readFlags() {
  const numbers = { seconds: 60, rate: 20, connections: 1000, seed: Date.now() % 1_000_000 };
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: 'string' }])),
      engine: { type: 'string', default: 'native' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit();
  }
  for (const name of Object.keys(numbers)) {
    if (values[name] === undefined) continue;
    numbers[name] = Number(values[name]);
    if (Number.isFinite(numbers[name]) && numbers[name] >= 0) continue;
    console.error(`soak: --${name} must be a number; got ${values[name]}`);
    process.exit(2);
  }
  return { ...numbers, engine: values.engine };
}

/** Plays all rounds; returns what was measured in the quiet after each, and what was wrong then. */
async function playRounds(server, traffic, { seconds, connections }) {
  const rounds = Math.max(2, Math.min(ROUNDS_MAX, Math.round(seconds / ROUND_SECONDS)));
  console.log(`soak: ${rounds} rounds of ${(seconds / rounds).toFixed(1)} s`);
  const veterans = await traffic.open('veteran', VETERANS);
  await traffic.ping(veterans);
  const descriptorsAtFirst = descriptors(server.pid).length;
  const measured = [];
  const wrong = [];
  printRoundHeader();
  for (let number = 1; number <= rounds; number++) {
    await playRound(server, traffic, veterans, { seconds: seconds / rounds, connections });
    const left = await server.quiet(VETERANS, descriptorsAtFirst);
    const report = await server.ask('report');
    const row = { number, report, descriptors: left, cpuSeconds: server.cpuSeconds };
    measured.push(row);
    printRound(row);
    const found = disagreements(traffic.ledger, report, VETERANS);
    if (left !== descriptorsAtFirst) {
      found.push(`${left} descriptors are open, ${descriptorsAtFirst} at first`);
    }
    found.push(...traffic.ledger.failures, ...report.ledger.failures);
    wrong.push(...found.map((text) => `round ${number}: ${text}`));
    if (wrong.length > 0) break;
  }
  await traffic.close(veterans);
  await server.quiet(0, descriptorsAtFirst - VETERANS);
  return { measured, wrong };
}

async function soak(flags) {
  const server = await ServerProcess.start(flags.engine);
  console.log(`soak: ${server.engine} engine, seed ${flags.seed}`);
  const traffic = new Traffic(server.port, new Random(flags.seed), {
    bytesPerSecond: flags.rate * 1e6,
    concurrency: CONCURRENCY,
  });
  const { measured, wrong } = await playRounds(server, traffic, flags);
  const last = await server.ask('report');
  server.stop();
  printModes(traffic.ledger, last);
  wrong.push(...disagreements(traffic.ledger, last, 0).map((text) => `in the end: ${text}`));
  if (server.engine === 'native' && last.exhaustions === 0) wrong.push('descriptors never ran out');
  wrong.push(...growth(measured));
  return wrong;
}

const wrong = await soak(readFlags());
for (const text of wrong) console.log(`soak: FAILED: ${text}`);
if (wrong.length === 0) console.log('soak: ok');
process.exitCode = wrong.length === 0 ? 0 : 1;
