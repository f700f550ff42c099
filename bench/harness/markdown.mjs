const line = (cells) => `| ${cells.join(' | ')} |`;

/** @param {{ head: string[], rows: string[][] }} table all columns but the first hold figures */
export function markdownTable({ head, rows }) {
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
