// node bench/bridges.mjs [rounds] [seconds]: http.Server under wrk and a ws echo under ws's own
// client, on hawser's transports and on node:net. Needs wrk.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { moveAway, onLoadCore } from './harness/cores.mjs';
import { markdownTable } from './harness/markdown.mjs';
import * as namespace from './harness/namespace.mjs';
import { BENCH } from './harness/paths.mjs';
import { ServerProcess } from './harness/server-process.mjs';
import { spread } from './harness/statistics.mjs';

const CONNECTIONS = 50;
const WARMUP_SECONDS = 1.5;
const PLATFORMS = ['net', 'native', 'node'];
const message = Buffer.alloc(1024, 'x');

const [rounds = 3, seconds = 3] = process.argv.slice(2).map(Number);

/** CPU time of all threads, seconds (proc(5), schedstat). */
function cpuSeconds({ pid }) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const spent = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return spent.reduce((total, one) => total + one, 0) / 1e9;
}

/** Runs a load that gives a count of answers; the figures per answer. */
async function measured(server, load) {
  await load(server.port, WARMUP_SECONDS);
  const before = cpuSeconds(server);
  const started = performance.now();
  const count = await load(server.port, seconds);
  const elapsed = (performance.now() - started) / 1000;
  return { cpuUs: ((cpuSeconds(server) - before) / count) * 1e6, perSecond: count / elapsed };
}

function requests(port, duration) {
  const whole = Math.max(1, Math.round(duration));
  const [program, ...args] = onLoadCore([
    ...['wrk', '--threads', '1', '--connections', String(CONNECTIONS)],
    ...['--duration', `${whole}s`, `http://127.0.0.1:${port}/`],
  ]);
  const report = execFileSync(program, args, { encoding: 'utf8' });
  if (/Socket errors|Non-2xx/.test(report)) throw new Error(report);
  return Number(/(\d+) requests in/.exec(report)[1]);
}

async function messages(port, duration) {
  const until = performance.now() + duration * 1000;
  let count = 0;
  const clients = Array.from({ length: CONNECTIONS }, () => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
    client.on('open', () => client.send(message));
    client.on('message', () => {
      count++;
      if (performance.now() < until) client.send(message);
      else client.close();
    });
    return once(client, 'close');
  });
  await Promise.all(clients);
  return count;
}

const loads = { http: requests, ws: messages };

function tableOf(protocol, records) {
  const of = (platform) =>
    records.filter((r) => r.protocol === protocol && r.platform === platform);
  const rows = PLATFORMS.map((platform) => {
    const cpu = spread(of(platform).map((r) => r.cpuUs));
    const rate = spread(of(platform).map((r) => r.perSecond));
    const ratio = spread(of(platform).map((r, i) => r.cpuUs / of('net')[i].cpuUs));
    const range = `${cpu.median.toFixed(1)} (${cpu.min.toFixed(1)}–${cpu.max.toFixed(1)})`;
    const name = platform === 'net' ? 'node:net' : `hawser, ${platform} engine`;
    return [name, range, ratio.median.toFixed(2), Math.round(rate.median).toLocaleString('en')];
  });
  const unit = protocol === 'http' ? 'request' : 'message';
  return { head: [protocol, `CPU µs/${unit} (min–max)`, 'to node:net', `${unit}s/s`], rows };
}

async function main() {
  if (!namespace.isInside()) {
    const status = namespace.runInside([fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
    if (status !== null) return status;
  }
  moveAway();
  const records = [];
  for (let round = 0; round < rounds; round++) {
    for (const [protocol, load] of Object.entries(loads)) {
      for (const platform of PLATFORMS) {
        const program = join(BENCH, 'servers', 'bridges.mjs');
        const server = await ServerProcess.start([process.execPath, program, protocol, platform]);
        try {
          records.push({ protocol, platform, ...(await measured(server, load)) });
        } finally {
          await server.stop();
        }
      }
    }
  }
  for (const protocol of Object.keys(loads)) {
    console.log(`\n${markdownTable(tableOf(protocol, records))}`);
  }
  return 0;
}

process.exitCode = await main();
