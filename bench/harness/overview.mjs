// All scenarios in one table: servers down, the main figure of each scenario across.
import { figure } from './columns.mjs';

const COLUMNS = [
  ['echo-1k', 'echo 1 KiB'],
  ['echo-64-pipelined', '64 B × 16'],
  ['echo-64k', 'echo 64 KiB'],
  ['lines', 'line'],
  ['churn', 'connection'],
  ['idle', 'idle B'],
  ['latency-fixed', 'p99'],
];

/** CPU µs per message or connection, bytes per idle connection, µs of p99 latency; of servers with any of these. */
export function overviewTable({ scenarios, servers }) {
  const present = COLUMNS.map(([name, title]) => [
    scenarios.find((s) => s.name === name),
    title,
  ]).filter(([scenario]) => scenario !== undefined);
  const medianOf = (server, { rows, main }) =>
    rows.find((row) => row.server === server)?.[main]?.median;
  const all = servers.map(({ name, title }) => ({
    title,
    medians: present.map(([scenario]) => medianOf(name, scenario)),
  }));
  const known = all.filter(({ medians }) => medians.some((median) => median !== undefined));
  return {
    head: ['server', ...present.map(([, title]) => title)],
    rows: known.map(({ title, medians }) => [title, ...medians.map(figure)]),
  };
}
