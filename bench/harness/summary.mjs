// From records of single runs to one row per scenario and server.
import { takesPart } from './servers.mjs';
import { spread, sum } from './statistics.mjs';

/** Figures of which a row has median, least and greatest. */
const FIGURES = [
  'cpuUs',
  'perSecond',
  'serverShare',
  'generatorShare',
  'p50',
  'p99',
  'p999',
  'rate',
  'p99Alone',
  'p99Growth',
  'residentGrowth',
  'cpuUsFew',
  'growth',
  'bytesEach',
  'privateDirtyEach',
  'heapEach',
];

/** Of one scenario's records with figures. */
export const recordsOf = (records, scenario, server) =>
  records.filter((r) => r.scenario === scenario && r.server === server && r.error === undefined);

/** The median of `figure(a) / figure(b)`, each ratio from one round; null when there is none. */
export function pairedRatio(records, scenario, figure, server, base) {
  const others = new Map(recordsOf(records, scenario, base).map((r) => [r.round, r[figure]]));
  const ratios = recordsOf(records, scenario, server)
    .filter((r) => others.has(r.round))
    .map((r) => r[figure] / others.get(r.round));
  return spread(ratios);
}

/**
 * User-space CPU per message: the sampled user share of all rounds together
 * (one window has too few ticks) times the median of the exact total.
 */
function userUs(rows, cpuUs) {
  const user = sum(rows.map((r) => r.userSeconds ?? 0));
  const system = sum(rows.map((r) => r.systemSeconds ?? 0));
  return cpuUs === null || user + system === 0 ? null : (cpuUs.median * user) / (user + system);
}

function row(records, scenario, server) {
  const rows = recordsOf(records, scenario.name, server.name);
  const failed = records.find(
    (r) => r.scenario === scenario.name && r.server === server.name && r.error !== undefined,
  );
  const result = { server: server.name, title: server.title, error: failed?.error ?? null };
  for (const figure of FIGURES) result[figure] = spread(rows.map((r) => r[figure]));
  result.userUs = userUs(rows, result.cpuUs);
  result.kernelUs = result.userUs === null ? null : result.cpuUs.median - result.userUs;
  const main = scenario.main ?? 'cpuUs';
  result.toC = pairedRatio(records, scenario.name, main, server.name, 'c');
  result.toNode = pairedRatio(records, scenario.name, main, server.name, 'node');
  return result;
}

/** One entry per scenario: { name, title, main, rows }. */
export function summarize(records, scenarios, servers) {
  return scenarios.map((scenario) => ({
    name: scenario.name,
    title: scenario.title,
    main: scenario.main ?? 'cpuUs',
    unit: scenario.unit ?? 'message',
    rows: servers
      .filter((server) => takesPart(server, scenario))
      .map((server) => row(records, scenario, server)),
  }));
}
