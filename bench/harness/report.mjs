// bench/results/<date>/: report.md, report.html, the charts and the raw records.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartOf } from './chart.mjs';
import { tableOf } from './columns.mjs';
import { goalTable } from './goals.mjs';
import { htmlReport } from './html.mjs';
import { machineLines } from './machine.mjs';
import { markdownTable } from './markdown.mjs';
import { overviewTable } from './overview.mjs';
import { RESULTS } from './paths.mjs';

/** A second report of one day gets -2, and so on. */
function newFolder(date) {
  const day = date.slice(0, 10);
  let folder = join(RESULTS, day);
  for (let i = 2; existsSync(folder); i++) folder = join(RESULTS, `${day}-${i}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function section(scenario) {
  const table = tableOf(scenario);
  const failures = table.failures.map((text) => `\nFailed at least once: ${text}`);
  const chart = chartOf(scenario) === null ? '' : `![${scenario.title}](${scenario.name}.svg)\n\n`;
  return [`## ${scenario.title}\n\n${chart}${markdownTable(table)}`, ...failures].join('\n');
}

function markdownReport(results) {
  return `# Benchmark of ${results.date.slice(0, 10)}

${machineLines(results).join('\n')}

How it is measured: [bench/README.md](../../README.md).

## Overview

CPU of the server in µs per message or connection, bytes per idle connection,
p99 in µs. Less is better.

${markdownTable(overviewTable(results))}

## Goals

${markdownTable(goalTable(results.goals))}

${results.scenarios.map(section).join('\n\n')}
`;
}

/** One record to a line: a later run differs line by line. */
function rawJson({ records, ...rest }) {
  const lines = records.map((record) => `  ${JSON.stringify(record)}`);
  return `${JSON.stringify(rest, null, 1).slice(0, -2)},\n "records": [\n${lines.join(',\n')}\n ]\n}\n`;
}

/** @returns the folder's path */
export function writeReport(results) {
  const folder = newFolder(results.date);
  const write = (name, text) => writeFileSync(join(folder, name), text);
  write('results.json', rawJson(results));
  write('report.md', markdownReport(results));
  write('report.html', htmlReport(results));
  for (const scenario of results.scenarios) {
    const chart = chartOf(scenario);
    if (chart !== null) write(`${scenario.name}.svg`, chart);
  }
  return folder;
}
