// The columns of a scenario's table, the same on the terminal and in the report.
const dash = '–';

/** Three significant digits, without an exponent. */
export function figure(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return dash;
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

const withSpread = (s) =>
  s === null ? dash : `${figure(s.median)} (${figure(s.min)}–${figure(s.max)})`;
const medianOf = (s) => (s === null ? dash : figure(s.median));
const percent = (s) => (s === null ? dash : `${Math.round(s.median * 100)} %`);

const server = ['server', (row) => row.title];
const toC = ['to C', (row) => medianOf(row.toC)];
const toNode = ['to node:net', (row) => medianOf(row.toNode)];
const share = ['server busy', (row) => percent(row.serverShare)];
const latency = [
  ['p50 µs', (row) => medianOf(row.p50)],
  ['p99 µs', (row) => medianOf(row.p99)],
  ['p99.9 µs', (row) => medianOf(row.p999)],
];
const cost = (unit) => [
  [`CPU µs/${unit} (min–max)`, (row) => withSpread(row.cpuUs)],
  ['user', (row) => figure(row.userUs)],
  ['kernel', (row) => figure(row.kernelUs)],
];
const perSecond = (unit) => [`${unit}s/s`, (row) => medianOf(row.perSecond)];

const sets = {
  cpuUs: (unit) => [server, ...cost(unit), toC, toNode, perSecond(unit), ...latency, share],
  p99: (unit) => [
    server,
    ['p99 µs (min–max)', (row) => withSpread(row.p99)],
    toC,
    toNode,
    ...latency.filter(([title]) => title !== 'p99 µs'),
    perSecond(unit),
    [`CPU µs/${unit}`, (row) => medianOf(row.cpuUs)],
  ],
  bytesEach: () => [
    server,
    ['B/connection (min–max)', (row) => withSpread(row.bytesEach)],
    toC,
    toNode,
    ['private dirty', (row) => medianOf(row.privateDirtyEach)],
    ['heap of the language', (row) => medianOf(row.heapEach)],
  ],
};

const extras = {
  growth: [
    ['CPU µs, 100 connections', (row) => medianOf(row.cpuUsFew)],
    ['growth', (row) => medianOf(row.growth)],
  ],
  'slow-readers': [
    ['p99 µs without them', (row) => medianOf(row.p99Alone)],
    ['growth', (row) => medianOf(row.p99Growth)],
    [
      'RSS growth MiB',
      (row) => (row.residentGrowth === null ? dash : figure(row.residentGrowth.median / 2 ** 20)),
    ],
  ],
};

const columnsOf = (scenario) => [
  ...sets[scenario.main](scenario.unit),
  ...(extras[scenario.name] ?? []),
];

/** A scenario as text: { head, rows, failures }; columns without any figure are left out. */
export function tableOf(scenario) {
  const measured = scenario.rows.filter((row) => row[scenario.main] !== null);
  const columns = columnsOf(scenario).filter(([, text]) =>
    measured.some((row) => text(row) !== dash),
  );
  return {
    head: columns.map(([title]) => title),
    rows: measured.map((row) => columns.map(([, text]) => text(row))),
    failures: scenario.rows
      .filter((row) => row.error !== null)
      .map((row) => `${row.title}: ${row.error}`),
  };
}
