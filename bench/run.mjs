// npm run bench: see README.md, or --help.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { tableOf } from './harness/columns.mjs';
import { compareReports } from './harness/compare.mjs';
import { moveAway } from './harness/cores.mjs';
import { goalTable, judge } from './harness/goals.mjs';
import { describeMachine, machineLines } from './harness/machine.mjs';
import { markdownTable } from './harness/markdown.mjs';
import { measureAll } from './harness/measurement.mjs';
import * as namespace from './harness/namespace.mjs';
import { installPeers } from './harness/peers.mjs';
import { buildLoad } from './harness/programs.mjs';
import { updateReadme } from './harness/readme.mjs';
import { writeReport } from './harness/report.mjs';
import { findScenarios, SCENARIOS } from './harness/scenarios.mjs';
import { findServers, SERVERS } from './harness/servers.mjs';
import { HELP, parseSettings } from './harness/settings.mjs';
import { summarize } from './harness/summary.mjs';

/** What --quick must prove to run. */
const OURS = ['hawser', 'hawser-node'];
const QUICK_SERVERS = ['c', ...OURS, 'node'];

function list() {
  for (const { name, title } of SERVERS) console.log(`server    ${name.padEnd(18)} ${title}`);
  for (const { name, title } of SCENARIOS) console.log(`scenario  ${name.padEnd(18)} ${title}`);
}

function showProgress(record) {
  const what = `round ${record.round}  ${record.scenario.padEnd(18)} ${record.server.padEnd(12)}`;
  const { error, cpuUs, bytesEach, p99 } = record;
  const figures =
    bytesEach !== undefined
      ? `${bytesEach.toFixed(0)} B/connection`
      : `${cpuUs?.toFixed(2)} µs CPU, p99 ${p99} µs`;
  console.error(error === undefined ? `${what} ${figures}` : `${what} FAILED: ${error}`);
}

async function measure(settings) {
  buildLoad();
  moveAway();
  const servers = settings.quick
    ? findServers(settings.servers ?? QUICK_SERVERS, OURS)
    : findServers(settings.servers);
  const scenarios = findScenarios(settings.scenarios);
  const machine = describeMachine();
  const started = Date.now();
  const records = await measureAll(servers, scenarios, settings, showProgress);
  const summary = summarize(records, scenarios, servers);
  return {
    date: new Date(started).toISOString(),
    durationSeconds: Math.round((Date.now() - started) / 1000),
    rounds: settings.rounds,
    machine: { ...machine, ...describeMachine.after(machine) },
    servers: servers.map(({ name, title, version }) => ({ name, title, version })),
    scenarios: summary,
    goals: judge(records, summary),
    records,
  };
}

async function main() {
  const settings = parseSettings(process.argv.slice(2));
  if (settings.help) return console.log(HELP);
  if (settings.list) return list();
  if (settings.installPeers) return installPeers();
  if (settings.readme) return updateReadme();
  if (settings.compare) return console.log(compareReports(settings.compare));
  if (settings.namespace && !namespace.isInside()) {
    const status = namespace.runInside([fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
    if (status !== null) {
      process.exitCode = status;
      return;
    }
  }
  const results = await measure(settings);
  if (settings.json) console.log(JSON.stringify(results));
  else show(results);
  if (settings.report) console.log(`\nwritten: ${writeReport(results)}`);
  if (results.records.some((record) => record.error !== undefined)) process.exitCode = 1;
}

function show(results) {
  console.log(machineLines(results).join('\n'));
  for (const scenario of results.scenarios) {
    const table = tableOf(scenario);
    console.log(`\n${scenario.title}\n\n${markdownTable(table)}`);
    for (const failure of table.failures) console.log(`failed at least once: ${failure}`);
  }
  console.log(`\nGoals\n\n${markdownTable(goalTable(results.goals))}`);
}

await main();
