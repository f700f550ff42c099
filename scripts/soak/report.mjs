const MIB = 1024 * 1024;
/** How much larger the server may be at the end than after the first round, bytes. */
const HEAP_GROWTH_BYTES = 8 * MIB;
const RSS_GROWTH_BYTES = 48 * MIB;

const mib = (bytes) => (bytes / MIB).toFixed(1);
const row = (cells, widths) =>
  console.log(cells.map((cell, i) => String(cell).padStart(widths[i])).join(' '));

const roundColumns = [
  'round',
  'accepted',
  'in MiB',
  'out MiB',
  'no fds',
  'fds',
  'RSS MiB',
  'heap MiB',
  'buffers MiB',
  'CPU s',
];
const roundWidths = roundColumns.map((title) => Math.max(8, title.length));

/** Memory and descriptors are those of the quiet moment after a round; the rest is since the start. */
export function printRoundHeader() {
  row(roundColumns, roundWidths);
}

export function printRound({ number, report, descriptors, cpuSeconds }) {
  const { stats, memory } = report;
  row(
    [
      number,
      stats.accepted,
      mib(stats.bytesRead),
      mib(stats.bytesWritten),
      stats.acceptErrors,
      descriptors,
      mib(memory.rss),
      mib(memory.heapUsed),
      mib(memory.external),
      cpuSeconds.toFixed(1),
    ],
    roundWidths,
  );
}

/** What has grown from the first round to the last; one line each. */
export function growth(measured) {
  const first = measured[0].report.memory;
  const last = measured.at(-1).report.memory;
  const heap = last.heapUsed + last.external - first.heapUsed - first.external;
  const rss = last.rss - first.rss;
  const wrong = [];
  if (heap > HEAP_GROWTH_BYTES) wrong.push(`the heap grew by ${mib(heap)} MiB`);
  if (rss > RSS_GROWTH_BYTES) wrong.push(`RSS grew by ${mib(rss)} MiB`);
  return wrong;
}

/** Every mode: conversations, and payload bytes as either end counted them. */
export function printModes(clients, { ledger, stats }) {
  const widths = [16, 9, 14, 14, 14, 14];
  row(['', '', 'up: sent', 'received', 'down: sent', 'received'], widths);
  for (const [mode, client] of Object.entries(clients.modes)) {
    const server = ledger.modes[mode];
    row(
      [mode, client.count || server.count, client.up, server.up, server.down, client.down],
      widths,
    );
  }
  const causes = Object.entries(stats.closedBy).filter(([, count]) => count > 0);
  console.log(`closed by: ${causes.map(([cause, count]) => `${cause} ${count}`).join(', ')}`);
}
