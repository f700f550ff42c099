import { findOption, isReadable, type SocketOption, socketOptions } from '../options/catalogue.js';
import { closest, describeFlags, type Flag, parseArguments, UsageError } from './arguments.js';
import { type LiveValue, readLiveValues } from './live-options.js';
import { optionPage, optionTable } from './option-pages.js';

const FLAGS: readonly Flag[] = [
  {
    name: 'search',
    argument: 'TEXT',
    group: 'Flags',
    help: 'only options whose name or description has this text',
  },
  { name: 'json', group: 'Flags', help: 'print JSON' },
  { name: 'help', short: 'h', group: 'Flags', help: 'print this text' },
];

const HELP = `Usage: hawser options [NAME…] [flags]

The socket options that hawser knows. Without a name: a table. With names: all
about each, with its value on a fresh listener and on a connection that it
accepted, read on this machine. Exit code: 0, or 2 when there is no such option.

${describeFlags(FLAGS)}
`;

/** `hawser options`. Resolves to the exit code: 0, or 2 for a command line that makes no sense. */
export async function runOptions(
  args: string[],
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream,
): Promise<number> {
  try {
    const given = parseArguments(FLAGS, args);
    if (given.has('help')) {
      out.write(HELP);
      return 0;
    }
    const named = given.positionals.length > 0;
    const options = chosen(given.positionals, given.text('search'));
    const live = named ? await readLiveValues(options.filter(isReadable)) : new Map();
    out.write(given.has('json') ? asJson(options, live) : asText(options, live, named));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    err.write(`hawser options: ${error.message}\n`);
    return 2;
  }
}

function chosen(names: readonly string[], search: string | undefined): SocketOption[] {
  const options = names.length === 0 ? socketOptions : names.map(byName);
  const found = options.filter((option) => search === undefined || mentions(option, search));
  if (found.length > 0) return found;
  throw new UsageError(`no option mentions "${search}"; hawser options lists all`);
}

function byName(name: string): SocketOption {
  const upper = name.toUpperCase();
  const option = findOption(upper);
  if (option !== undefined) return option;
  const names = socketOptions.map((row) => row.name);
  const close = names.find((row) => row.endsWith(`_${upper}`)) ?? closest(upper, names);
  const hint = close === null ? 'hawser options lists all' : `did you mean ${close}?`;
  throw new UsageError(`there is no option ${name}: ${hint}`);
}

function mentions({ name, purpose, note }: SocketOption, text: string): boolean {
  return `${name} ${purpose} ${note ?? ''}`.toLowerCase().includes(text.toLowerCase());
}

type Live = ReadonlyMap<string, LiveValue> | string;

function liveOf(option: SocketOption, live: Live): LiveValue | string | undefined {
  return typeof live === 'string' ? live : live.get(option.name);
}

function asText(options: readonly SocketOption[], live: Live, named: boolean): string {
  if (!named) return optionTable(options);
  return options.map((option) => optionPage(option, liveOf(option, live))).join('\n');
}

function asJson(options: readonly SocketOption[], live: Live): string {
  const rows = options.map((option) => {
    const here = liveOf(option, live);
    return here === undefined ? option : { ...option, here };
  });
  const exact = (_key: string, value: unknown) => (value === Infinity ? 'Infinity' : value);
  return `${JSON.stringify(rows, exact, 2)}\n`;
}
