import type { Missed, Report } from '../doctor/examine.js';
import type { Finding, Fix, Severity } from '../doctor/finding.js';
import type { Growth } from '../doctor/growth.js';
import type { ServerSettings } from '../doctor/settings.js';
import { wrapText } from './wrap.js';

/** The doctor's report for a person at a terminal of 80 columns. */

const WIDTH = 80;
const INDENT = 8;

/** Puts a text in a colour, or leaves it alone. */
export type Paint = (severity: Severity, text: string) => string;

const COLOURS: Record<Severity, number> = { error: 31, warning: 33, info: 36 };

/** Colour only for a terminal, and never against NO_COLOR (no-color.org). */
export function paintFor(out: { isTTY?: boolean }, environment = process.env): Paint {
  if (!out.isTTY || environment.NO_COLOR || environment.TERM === 'dumb') {
    return (_severity, text) => text;
  }
  return (severity, text) => `\u001b[${COLOURS[severity]};1m${text}\u001b[0m`;
}

/** What was examined: the first lines of the report. */
export function heading(report: Report, settings: ServerSettings): string {
  const hosts = settings.hosts?.map((host) => (host.includes(':') ? `[${host}]` : host));
  const address =
    settings.path ??
    (hosts === undefined
      ? 'an inherited listener'
      : `${hosts.length === 0 ? '*' : hosts.join(',')}:${settings.port}`);
  const engine =
    settings.engine === 'node'
      ? 'node, as asked'
      : `${report.engine.name} (${report.engine.reason})`;
  const lines = [
    `Server: ${address}, backlog ${settings.backlog}`,
    `Kernel: ${report.platform} ${report.kernel}`,
    ...paragraph('Engine:', engine),
  ];
  if (report.platform !== 'linux') {
    lines.push(
      ...wrapText(
        'Sysctls, limits and counters are examined on Linux only; here the settings alone are.',
        WIDTH,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** One finding: what, why, and how to put it right. */
export function describeFinding(finding: Finding, paint: Paint): string {
  const label = finding.severity.toUpperCase();
  const lines = [
    `${paint(finding.severity, label)} ${finding.rule}`,
    ...paragraph('', finding.found, 2),
    ...paragraph('  Why:', finding.why),
  ];
  for (const [index, fix] of finding.fixes.entries()) {
    lines.push(...describeFix(fix, index === 0 ? '  Fix:' : '  Or:'));
  }
  return `${lines.join('\n')}\n`;
}

function describeFix({ command, persist, note }: Fix, label: string): string[] {
  const lines = commandLines(label, command);
  if (persist !== null) lines.push(...commandLines('  Keep:', persist));
  if (note !== null) lines.push(...paragraph('', `(${note})`));
  return lines;
}

function paragraph(label: string, text: string, indent = INDENT): string[] {
  return wrapText(text, WIDTH - indent).map(
    (line, index) => `${(index === 0 ? label : '').padEnd(indent)}${line}`,
  );
}

/** A command stays on one line to be copied; only a redirection may move to the next, behind a backslash. */
function commandLines(label: string, command: string): string[] {
  const line = `${label.padEnd(INDENT)}${command}`;
  const redirection = command.lastIndexOf(' >>');
  if (line.length <= WIDTH || redirection < 0) return [line];
  return [
    `${label.padEnd(INDENT)}${command.slice(0, redirection)} \\`,
    `${' '.repeat(INDENT + 2)}${command.slice(redirection + 1)}`,
  ];
}

/** Findings and totals. Notes on stock values are counted, not shown, unless `all`. */
export function describeReport(report: Report, paint: Paint, all: boolean): string {
  const shown = report.findings.filter((finding) => all || !finding.tuning);
  const hidden = report.findings.length - shown.length;
  const count = (severity: Severity): number =>
    shown.filter((finding) => finding.severity === severity).length;
  const totals = `${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${count('info')} info.`;
  const rest =
    hidden === 0 ? '' : ` ${plural(hidden, 'note')} on stock kernel values: --all shows them.`;
  return [
    ...shown.map((finding) => describeFinding(finding, paint)),
    `${[...wrapText(totals + rest, WIDTH), ...describeMissed(report.missed)].join('\n')}\n`,
  ].join('\n');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Facts that could not be had, by reason: a container hides some, and that is no fault. */
function describeMissed(missed: readonly Missed[]): string[] {
  const reasons = [...new Set(missed.map(({ reason }) => reason))];
  return reasons.flatMap((reason) => {
    const names = missed.filter((miss) => miss.reason === reason).map(({ name }) => name);
    return wrapText(`Not examined, ${reason}: ${names.join(', ')}.`, WIDTH);
  });
}

/** What grew while watching. */
export function describeGrowth(grew: readonly Growth[], seconds: number, paint: Paint): string {
  if (grew.length === 0) return `In ${seconds} s nothing grew that is worth watching.\n`;
  const name = Math.max(...grew.map((row) => row.name.length));
  const by = Math.max(...grew.map((row) => `+${row.by}`.length));
  const indent = name + by + 4;
  const lines = grew.flatMap((row) => {
    const start = `${row.name.padEnd(name)}  ${`+${row.by}`.padStart(by)}`;
    const meaning = wrapText(row.meaning, WIDTH - indent).join(`\n${' '.repeat(indent)}`);
    return `${paint(row.severity, start)}  ${meaning}`;
  });
  return [`In ${seconds} s these counters grew:`, ...lines, ''].join('\n');
}
