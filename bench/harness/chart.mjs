// Bar charts as SVG without anything from outside: light and dark by the
// reader's preference, 400 units wide so that a phone shows them at full size.
import { figure } from './columns.mjs';
import { markupText } from './markup.mjs';

const WIDTH = 400;
const ROW = 36;
const TOP = 44;
const BAR = 10;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .note { fill: #59636e; font-size: 12px }
  .value { text-anchor: end }
  .bar { fill: #a9b4c0 } .user { fill: #6b7785 }
  .ours .bar { fill: #2f81f7 } .ours .user { fill: #0a4fb3 } .ours text { font-weight: 600 }
  .limit .bar { fill: #57ab5a } .limit .user { fill: #2c6e34 }
  .whisker { stroke: #1f2328; stroke-width: 1.2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 }
    .bar { fill: #4b5563 } .user { fill: #8b97a5 } .whisker { stroke: #e6edf3 }
    .ours .bar { fill: #388bfd } .ours .user { fill: #a5d0ff }
    .limit .bar { fill: #46954a } .limit .user { fill: #9be29b }
  }`;

const kind = (server) => (server === 'c' ? 'limit' : server.startsWith('hawser') ? 'ours' : 'peer');

function bar(row, main, index, scale) {
  const { median, min, max } = row[main];
  const y = TOP + index * ROW;
  const middle = y + 20 + BAR / 2;
  const user = main === 'cpuUs' && row.userUs !== null ? row.userUs : 0;
  return `<g class="${kind(row.server)}"><text x="0" y="${y + 13}">${markupText(row.title)}</text>
<text class="value" x="${WIDTH}" y="${y + 13}">${figure(median)}</text>
<rect class="bar" x="0" y="${y + 20}" width="${scale(median)}" height="${BAR}" rx="2"/>
<rect class="user" x="0" y="${y + 20}" width="${scale(user)}" height="${BAR}" rx="2"/>
<line class="whisker" x1="${scale(min)}" x2="${scale(max)}" y1="${middle}" y2="${middle}"/></g>`;
}

const UNITS = {
  cpuUs: (unit) => `CPU µs per ${unit} (inner bar: user space)`,
  p99: () => 'p99 latency, µs',
  bytesEach: () => 'user-space memory, bytes per connection',
};

/** One scenario; less is better everywhere. A whisker spans the rounds; null without figures. */
export function chartOf(scenario) {
  const rows = scenario.rows.filter((row) => row[scenario.main] !== null);
  if (rows.length === 0) return null;
  rows.sort((a, b) => a[scenario.main].median - b[scenario.main].median);
  const greatest = Math.max(...rows.map((row) => row[scenario.main].median));
  const scale = (value) =>
    ((Math.min(Math.max(value, 0), greatest * 1.04) / (greatest * 1.04)) * WIDTH).toFixed(1);
  const height = TOP + rows.length * ROW + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${markupText(scenario.title)}">
<style>${STYLE}</style>
<text class="title" x="0" y="15">${markupText(scenario.title)}</text>
<text class="note" x="0" y="33">${UNITS[scenario.main](scenario.unit)}, less is better</text>
${rows.map((row, i) => bar(row, scenario.main, i, scale)).join('\n')}
</svg>
`;
}
