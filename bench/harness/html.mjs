// The report as one HTML page: no script, nothing from outside.
import { chartOf } from './chart.mjs';
import { tableOf } from './columns.mjs';
import { goalTable } from './goals.mjs';
import { machineLines } from './machine.mjs';
import { markupText } from './markup.mjs';
import { overviewTable } from './overview.mjs';

const STYLE = `
  :root { color-scheme: light dark; --line: #d1d9e0; --bad: #b3261e; --good: #1a7f37 }
  @media (prefers-color-scheme: dark) { :root { --line: #3d444d; --bad: #ff8f85; --good: #57ab5a } }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
  svg { display: block; width: 100%; max-width: 36rem; height: auto; margin: 1rem 0 }
  .scroll { overflow-x: auto; margin: 0 0 2rem }
  table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; white-space: nowrap }
  th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right }
  th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 7rem }
  .bad { color: var(--bad); font-weight: 600 } .good { color: var(--good) }`;

function cell(text) {
  if (text === 'met') return '<td class="good">met</td>';
  if (text === '**not met**') return '<td class="bad">not met</td>';
  return `<td>${markupText(text)}</td>`;
}

function htmlTable({ head, rows }) {
  const top = head.map((text) => `<th>${markupText(text)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table><thead><tr>${top}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function section(scenario) {
  const table = tableOf(scenario);
  const failures = table.failures.map(
    (text) => `<p class="bad">Failed at least once: ${markupText(text)}</p>`,
  );
  return [chartOf(scenario) ?? '', htmlTable(table), ...failures].join('\n');
}

export function htmlReport(results) {
  const facts = machineLines(results).map((line) => `<li>${markupText(line.slice(2))}</li>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>hawser: benchmark of ${results.date.slice(0, 10)}</title><style>${STYLE}</style></head><body>
<h1>hawser: benchmark of ${results.date.slice(0, 10)}</h1>
<ul>${facts.join('\n')}</ul>
<h2>Overview</h2>
<p>CPU of the server in µs per message or connection, bytes per idle connection, p99 in µs. Less is better.</p>
${htmlTable(overviewTable(results))}
<h2>Goals</h2>
${htmlTable(goalTable(results.goals))}
<h2>Scenarios</h2>
${results.scenarios.map(section).join('\n')}
</body></html>
`;
}
