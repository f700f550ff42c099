import { parseArgs } from 'node:util';
import { wrapText } from './wrap.js';

/**
 * Reading a command line against a table of flags.
 *
 * `parseArgs` of node:util splits the arguments into tokens; judging them is done
 * here, because its own messages name neither the value nor what would be right.
 */

/** One flag of a command, as data: it is parsed, checked and printed by `--help` from here. */
export interface Flag {
  /** Without the dashes: `keepalive-idle`. */
  readonly name: string;
  readonly short?: string;
  /** What `--help` calls the value (`SECONDS`); a flag without it is a switch. */
  readonly argument?: string;
  /** The value may be left out (`--json` and `--json FILE`). */
  readonly argumentOptional?: boolean;
  /** A switch that `--no-NAME` turns off. */
  readonly negatable?: boolean;
  readonly help: string;
  /** Heading in `--help`. */
  readonly group: string;
}

/** A command line that cannot be meant as written; commands print the message and exit with 2. */
export class UsageError extends Error {
  readonly code = 'ERR_USAGE';
  override readonly name = 'UsageError';
}

/** What the command line said. A flag given twice counts the second time, as everywhere in Unix. */
export interface ParsedArguments {
  /** Whether the flag was given in any form. */
  has(name: string): boolean;
  /** The last value given; undefined when there was none. */
  text(name: string): string | undefined;
  /** Every value given, in order. */
  texts(name: string): readonly string[];
  /** `--name`: true, `--no-name`: false, neither: undefined. */
  switched(name: string): boolean | undefined;
  readonly positionals: readonly string[];
}

interface Given {
  readonly on: boolean;
  readonly value: string | undefined;
}

/** Splits `args` by the table. Throws `UsageError` for an unknown flag, a missing value or one too many. */
export function parseArguments(flags: readonly Flag[], args: readonly string[]): ParsedArguments {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      flags.map((flag) => [
        flag.name,
        {
          type: flag.argument !== undefined && !flag.argumentOptional ? 'string' : 'boolean',
          ...(flag.short === undefined ? {} : { short: flag.short }),
        } as const,
      ]),
    ),
  });
  const given = new Map<string, Given[]>();
  const positionals: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { flag, on } = flagOf(flags, token.name, token.rawName);
    let value = token.value;
    const next = tokens[at + 1];
    if (flag.argumentOptional && value === undefined && next?.kind === 'positional') {
      value = next.value;
      at++;
    }
    checkValue(flag, value, token.inlineValue === true);
    given.set(flag.name, [...(given.get(flag.name) ?? []), { on, value }]);
  }
  return view(given, positionals);
}

function view(given: ReadonlyMap<string, Given[]>, positionals: string[]): ParsedArguments {
  return {
    has: (name) => given.has(name),
    text: (name) => given.get(name)?.at(-1)?.value,
    texts: (name) =>
      (given.get(name) ?? []).flatMap(({ value }) => (value === undefined ? [] : [value])),
    switched: (name) => given.get(name)?.at(-1)?.on,
    positionals,
  };
}

function flagOf(flags: readonly Flag[], name: string, raw: string): { flag: Flag; on: boolean } {
  const flag = flags.find((row) => row.name === name);
  if (flag !== undefined) return { flag, on: true };
  const negated = flags.find((row) => row.negatable && name === `no-${row.name}`);
  if (negated !== undefined) return { flag: negated, on: false };
  const close = closest(
    name,
    flags.flatMap((row) => (row.negatable ? [row.name, `no-${row.name}`] : [row.name])),
  );
  const hint = close === null ? 'see --help' : `did you mean --${close}?`;
  throw new UsageError(`unknown flag ${raw}: ${hint}`);
}

function checkValue(flag: Flag, value: string | undefined, inline: boolean): void {
  if (flag.argument === undefined) {
    if (value === undefined) return;
    throw new UsageError(`--${flag.name} takes no value, but got "${value}"`);
  }
  if (value === undefined && flag.argumentOptional) return;
  const swallowedFlag = !inline && value?.startsWith('--');
  if (value === undefined || value === '' || swallowedFlag) {
    throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.argument}`);
  }
}

/** The known name at an edit distance of at most 2, or null. */
export function closest(name: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = 3;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** A whole number in decimal, within limits; `unit` is for the message. */
export function wholeNumber(
  flag: string,
  text: string,
  limits: { min: number; max: number; unit?: string },
): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= limits.min && value <= limits.max) return value;
  throw outside(flag, text, 'a whole number', limits);
}

/** A number in decimal, fractions allowed, within limits. */
export function decimalNumber(
  flag: string,
  text: string,
  limits: { min: number; max: number; unit?: string },
): number {
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= limits.min && value <= limits.max) return value;
  throw outside(flag, text, 'a number', limits);
}

function outside(
  flag: string,
  text: string,
  kind: string,
  { min, max, unit }: { min: number; max: number; unit?: string },
): UsageError {
  const of = unit === undefined ? '' : ` of ${unit}`;
  return new UsageError(`--${flag} must be ${kind}${of} from ${min} to ${max}, not "${text}"`);
}

/** One of a few words. */
export function oneOf<W extends string>(flag: string, text: string, words: readonly W[]): W {
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new UsageError(`--${flag} must be one of ${words.join(', ')}, not "${text}"`);
}

const COLUMN = 30;
const WIDTH = 80;

/** The flags as `--help` prints them, under their headings, within 80 columns. */
export function describeFlags(flags: readonly Flag[]): string {
  const headings = [...new Set(flags.map((flag) => flag.group))];
  return headings
    .map((heading) => {
      const rows = flags.filter((flag) => flag.group === heading);
      return [`${heading}:`, ...rows.map(describeFlag)].join('\n');
    })
    .join('\n\n');
}

function describeFlag(flag: Flag): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  const name = `--${flag.negatable ? '[no-]' : ''}${flag.name}`;
  const argument = flag.argumentOptional ? `[${flag.argument}]` : flag.argument;
  const left = `  ${short}${name}${argument === undefined ? '' : ` ${argument}`}`;
  const indent = ' '.repeat(COLUMN);
  const right = wrapText(flag.help, WIDTH - COLUMN).join(`\n${indent}`);
  return left.length < COLUMN - 1 ? `${left.padEnd(COLUMN)}${right}` : `${left}\n${indent}${right}`;
}
