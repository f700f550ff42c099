// The performance section of the project's README, between its markers, from
// the newest committed report.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from './markdown.mjs';
import { overviewTable } from './overview.mjs';
import { ROOT } from './paths.mjs';
import { newestReport, readReport } from './stored-report.mjs';

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';
const HEADLINE = 'echo-1k';

function sectionOf(name) {
  const results = readReport(name);
  const { machine, rounds, goals } = results;
  const judged = goals.filter(({ met }) => met !== null);
  const met = judged.filter((goal) => goal.met);
  const folder = `bench/results/${name}`;
  return `<img src="${folder}/${HEADLINE}.svg" alt="CPU time per echoed message, by server" width="480">

CPU of the server in µs per message or connection, bytes per idle connection,
p99 latency in µs at 20,000 messages a second. Less is better. Medians of
${rounds} rounds on ${machine.cpu}, Linux ${machine.kernel}, ${results.date.slice(0, 10)}.

${markdownTable(overviewTable(results))}

${met.length} of ${judged.length} goals met: [the whole report](${folder}/report.md). Reproduce it with
\`npm run bench -- --install-peers && npm run bench -- --report\`; [how it is measured](bench/README.md).`;
}

export function updateReadme() {
  const path = join(ROOT, 'README.md');
  const text = readFileSync(path, 'utf8');
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start < 0 || end < start) throw new Error(`README.md has no ${START} … ${END}`);
  const section = `${START}\n\n${sectionOf(newestReport())}\n\n`;
  writeFileSync(path, text.slice(0, start) + section + text.slice(end));
}
