// Do two runs agree? Ratios should; absolute figures move with the machine.
import { figure } from './columns.mjs';
import { markdownTable } from './markdown.mjs';
import { readReport } from './stored-report.mjs';

function ratiosOf(results) {
  const ratios = new Map();
  for (const { name, rows } of results.scenarios) {
    const row = rows.find(({ server }) => server === 'hawser');
    if (row?.toC) ratios.set(`${name} to c`, row.toC.median);
    if (row?.toNode) ratios.set(`${name} to node`, row.toNode.median);
  }
  return ratios;
}

/** hawser's ratios in two reports and how far they differ. @param {string[]} names two folders of bench/results */
export function compareReports([first, second]) {
  const [a, b] = [first, second].map((name) => ratiosOf(readReport(name)));
  const shared = [...a.keys()].filter((key) => b.has(key));
  const rows = shared.map((key) => {
    const difference = (b.get(key) / a.get(key) - 1) * 100;
    return [key, figure(a.get(key)), figure(b.get(key)), `${difference.toFixed(1)} %`];
  });
  return markdownTable({ head: ['hawser', first, second, 'difference'], rows });
}
