import { acceptedValues } from '../options/accepted-values.js';
import { isReadable, isSettable, optionLevels, type SocketOption } from '../options/catalogue.js';
import { roundings } from '../options/rounding.js';
import { readSysctlText } from '../options/sysctl.js';
import type { LiveValue } from './live-options.js';
import { wrapText } from './wrap.js';

const WIDTH = 80;
const COLUMNS = [26, 21, 4, 15, 8] as const;
const LABEL = 14;

/** The options as a table, one line each, under a heading per level; at most 80 columns. */
export function optionTable(options: readonly SocketOption[]): string {
  const levels = [...new Set(options.map((option) => option.level))];
  const parts = levels.map((level) => {
    const rows = options.filter((option) => option.level === level).map(tableRow);
    return [line([level, 'VALUE', 'RW', 'SET', 'INHERIT', 'SINCE']), ...rows].join('\n');
  });
  return `${parts.join('\n\n')}\n`;
}

function tableRow(option: SocketOption): string {
  const { name, type, unit, stage, inherited, since } = option;
  return line([
    name,
    unit === undefined ? type : `${type}, ${unit}`,
    `${isReadable(option) ? 'r' : '-'}${isSettable(option) ? 'w' : '-'}`,
    isSettable(option) ? stage : '',
    isSettable(option) ? inherited : '',
    since,
  ]);
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(COLUMNS[index] ?? 0))
    .join('')
    .trimEnd();
}

/** Everything about one option, for a terminal of 80 columns. */
export function optionPage(option: SocketOption, live: LiveValue | string | undefined): string {
  const level = `${option.level} (${optionLevels[option.level]})`;
  const source = option.man ?? 'not in the manual pages';
  const lines = [
    `${option.name}  option ${option.number} of ${level}, ${source}`,
    ...wrapText(option.purpose, WIDTH - 2).map((text) => `  ${text}`),
    '',
    ...facts(option).flatMap(([label, text]) => labelled(label, text)),
    ...liveLines(option, live),
  ];
  return `${lines.join('\n')}\n`;
}

/** What there is to say about an option, by label, in the order of printing. */
export function facts(option: SocketOption): [label: string, text: string][] {
  const settable = isSettable(option);
  const rows: [string, string | undefined][] = [
    ['value', settable ? acceptedValues(option) : readOnlyValue(option)],
    ['set', settable ? option.stage : undefined],
    ['for', option.role === undefined ? undefined : `${option.role} sockets`],
    ['families', option.families.join(', ')],
    ['inherited', settable ? inheritance(option) : undefined],
    ['reads back', readBack(option)],
    ['since', `Linux ${option.since}`],
    ['privilege', option.privilege],
    ['note', option.note],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function readOnlyValue({ type, unit, access }: SocketOption): string {
  if (access === 'none') return 'a pointer: neither readable nor settable from JavaScript';
  return `${type}${unit === undefined ? '' : ` (${unit})`}, can only be read`;
}

function inheritance({ inherited }: SocketOption): string {
  if (inherited === 'yes') return "yes: an accepted socket has its listener's value";
  if (inherited === 'no') return 'no: an accepted socket has a value of its own';
  return "an accepted socket has a value derived from its listener's";
}

function readBack(option: SocketOption): string | undefined {
  if (option.access === 'write') return 'not at all';
  return option.rounding === undefined ? undefined : roundings[option.rounding].text;
}

function liveLines(option: SocketOption, live: LiveValue | string | undefined): string[] {
  const sysctls = (option.sysctl ?? []).flatMap((name) => {
    const value = readSysctlText(name);
    return labelled('sysctl', value === undefined ? name : `${name} = ${value}`);
  });
  if (live === undefined) return sysctls;
  if (typeof live === 'string') return [...sysctls, ...labelled('here', `not visible: ${live}`)];
  return [
    ...sysctls,
    ...labelled('here', `fresh listener: ${live.listener}`),
    ...labelled('', `accepted socket: ${live.accepted}`),
  ];
}

function labelled(label: string, text: string): string[] {
  return wrapText(text, WIDTH - LABEL).map(
    (part, index) => `  ${(index === 0 ? label : '').padEnd(LABEL - 2)}${part}`,
  );
}
