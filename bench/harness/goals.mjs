// The goals that hawser set itself, judged on one run's medians.
import { figure } from './columns.mjs';
import { pairedRatio } from './summary.mjs';

const OURS = 'hawser';
/** Everyone who is neither us nor the limit. */
const PEERS = ['node', 'node26', 'bun', 'deno', 'uvloop', 'asyncio', 'go'];

const atMost = (limit) => ({ limit, text: `≤ ${limit}`, holds: (value) => value <= limit });
const below = { limit: 1, text: '< 1', holds: (value) => value < 1 };

/** The figure of ours over that of another, in the same round. */
const ratio = (scenario, to, bound, main = 'cpuUs', ours = OURS) => ({
  scenario,
  bound,
  name: ours === OURS ? `to ${to}` : `${ours} to ${to}`,
  value: ({ records }) => pairedRatio(records, scenario, main, ours, to)?.median ?? null,
});

/** The greatest ratio to any peer; says which. */
const belowAll = (scenario, ours = OURS) => ({
  scenario,
  bound: below,
  name: `${ours === OURS ? '' : `${ours} `}to the best other server`,
  value({ records }) {
    const ratios = PEERS.map((peer) => pairedRatio(records, scenario, 'cpuUs', ours, peer)?.median);
    const known = ratios.filter((value) => value !== undefined);
    return known.length === 0 ? null : Math.max(...known);
  },
});

const rowOf = (summary, scenario, server) =>
  summary.find(({ name }) => name === scenario)?.rows.find((row) => row.server === server);

/** A figure of our own row. */
const own = (scenario, name, bound, read) => ({
  scenario,
  bound,
  name,
  value({ summary }) {
    const row = rowOf(summary, scenario, OURS);
    return row === undefined ? null : read(row);
  },
});

/** User-space CPU: pooled over rounds, so its ratio is one of pools. */
const userRatio = (to, bound) => ({
  scenario: 'echo-1k',
  bound,
  name: `user-space CPU to ${to}`,
  value({ summary }) {
    const [ours, theirs] = [OURS, to].map((server) => rowOf(summary, 'echo-1k', server)?.userUs);
    return ours === undefined || ours === null || !theirs ? null : ours / theirs;
  },
});

const GOALS = [
  ratio('echo-1k', 'c', atMost(1.1)),
  ratio('echo-1k', 'node', atMost(0.55)),
  ratio('echo-1k', 'node26', atMost(0.55)),
  ratio('echo-1k', 'bun', below),
  ratio('echo-1k', 'uvloop', below),
  own('echo-1k', 'user-space CPU, µs', atMost(0.8), (row) => row.userUs),
  userRatio('bun', atMost(0.5)),
  userRatio('uvloop', atMost(0.5)),
  userRatio('node', atMost(0.15)),
  ratio('echo-64-1000', 'c', atMost(1.1)),
  belowAll('echo-64-1000'),
  ratio('echo-64-pipelined', 'c', atMost(1.1)),
  belowAll('echo-64-pipelined'),
  ratio('echo-64k', 'c', atMost(1.1)),
  ratio('echo-64k', 'c', atMost(1.1), 'cpuUs', 'hawser-buffered'),
  belowAll('echo-64k'),
  belowAll('echo-64k', 'hawser-buffered'),
  ratio('lines', 'c', atMost(0.6)),
  ratio('lines', 'node', atMost(0.3)),
  ratio('churn', 'c', atMost(1.15)),
  ratio('churn', 'node26', atMost(0.4)),
  own('idle', 'bytes a connection', atMost(600), (row) => row.bytesEach?.median ?? null),
  ratio('idle', 'node', atMost(0.25), 'bytesEach'),
  ratio('idle', 'bun', below, 'bytesEach'),
  ratio('latency', 'c', atMost(1.2), 'p99'),
  ratio('latency', 'node', below, 'p99'),
  own('growth', 'to 100 connections', atMost(1.15), (row) => row.growth?.median ?? null),
  ratio('fairness', 'c', atMost(3), 'p99'),
  ratio('streams', 'hawser', atMost(1.5), 'cpuUs', 'hawser-streams'),
  ratio('streams', 'uvloop-streams', below, 'cpuUs', 'hawser-streams'),
  ratio('streams', 'node-streams', below, 'cpuUs', 'hawser-streams'),
];

/** { scenario, name, goal, value, met } for each goal; `met` is null when it was not measured. */
export function judge(records, summary) {
  return GOALS.map(({ scenario, name, bound, value }) => {
    const found = value({ records, summary });
    const title = summary.find((entry) => entry.name === scenario)?.title ?? scenario;
    return {
      scenario,
      title,
      name,
      goal: bound.text,
      value: found,
      met: found === null ? null : bound.holds(found),
    };
  });
}

const verdict = (met) => (met === null ? 'not measured' : met ? 'met' : '**not met**');

export const goalTable = (goals) => ({
  head: ['scenario', 'figure', 'goal', 'measured', ''],
  rows: goals.map((goal) => [
    goal.title,
    goal.name,
    goal.goal,
    figure(goal.value),
    verdict(goal.met),
  ]),
});
