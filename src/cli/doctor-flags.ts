import {
  decimalNumber,
  describeFlags,
  type Flag,
  type ParsedArguments,
  parseArguments,
  UsageError,
  wholeNumber,
} from './arguments.js';
import { ECHO_FLAGS, SERVER_FLAGS } from './flag-table.js';
import { type EchoSettings, echoSettings, refusePositionals } from './flags.js';
import type { Surroundings } from './server-settings.js';

const DOCTOR = 'The doctor';

const DOCTOR_FLAGS: readonly Flag[] = [
  {
    name: 'settings',
    argument: 'FILE',
    group: DOCTOR,
    help: "judge createServer's options from a JSON file (- for stdin) instead of flags",
  },
  {
    name: 'json',
    argument: 'FILE',
    argumentOptional: true,
    group: DOCTOR,
    help: 'print JSON; with FILE or -, like --settings as well',
  },
  {
    name: 'watch',
    argument: 'SECONDS',
    group: DOCTOR,
    help: 'read the counters twice, so far apart, and say what grew',
  },
  { name: 'all', group: DOCTOR, help: 'also notes on stock kernel values that suit most' },
  {
    name: 'workers',
    argument: 'COUNT',
    group: DOCTOR,
    help: 'processes that will share the port (default 1)',
  },
  {
    name: 'bandwidth',
    argument: 'MBIT',
    group: DOCTOR,
    help: 'speed of the slowest link to clients, Mbit/s; with --rtt',
  },
  {
    name: 'rtt',
    argument: 'MS',
    group: DOCTOR,
    help: 'round trip to the farthest clients, ms; with --bandwidth',
  },
  {
    name: 'root',
    argument: 'DIR',
    group: DOCTOR,
    help: 'read DIR/proc instead of /proc (a host seen from a container)',
  },
];

/** What `hawser doctor` was asked. */
export interface DoctorRequest {
  /** From flags, or the name of the JSON file that holds them (`-`: stdin). */
  readonly server: EchoSettings | { readonly file: string };
  readonly around: Surroundings;
  readonly json: boolean;
  readonly all: boolean;
  /** null: do not watch. */
  readonly watchSeconds: number | null;
  readonly root: string;
}

/** What `hawser doctor --help` prints. */
export function doctorHelp(): string {
  return `Usage: hawser doctor [flags]

Says what this machine's kernel will really do with a server's settings, and the
command that puts each problem right. Changes nothing. Exit code: 0 without
errors, 1 with, 2 when the flags make no sense. The server is described by the
flags of hawser echo; without any it is the one that hawser echo starts.

${describeFlags([...DOCTOR_FLAGS, ...SERVER_FLAGS])}
`;
}

/** Reads the command line; `'help'` when it asks for that. Throws `UsageError`. */
export function parseDoctorFlags(args: readonly string[]): DoctorRequest | 'help' {
  const given = parseArguments([...ECHO_FLAGS, ...DOCTOR_FLAGS], args);
  if (given.has('help')) return 'help';
  refusePositionals(given);
  const watch = given.text('watch');
  return {
    server: serverOf(given),
    around: { workers: workersOf(given), link: linkOf(given) },
    json: given.has('json'),
    all: given.has('all'),
    watchSeconds:
      watch === undefined
        ? null
        : decimalNumber('watch', watch, { min: 0.1, max: 86_400, unit: 'seconds' }),
    root: given.text('root') ?? '/',
  };
}

function serverOf(given: ParsedArguments): DoctorRequest['server'] {
  const files = [...given.texts('settings'), ...given.texts('json')];
  const [file] = files;
  if (file === undefined) return echoSettings(given);
  if (files.length > 1) {
    throw new UsageError(`settings can come from one file, not from ${files.join(' and ')}`);
  }
  const stray = SERVER_FLAGS.find((row) => given.has(row.name));
  if (stray === undefined) return { file };
  throw new UsageError(`--${stray.name} and settings from ${file} contradict each other: give one`);
}

function workersOf(given: ParsedArguments): number {
  return wholeNumber('workers', given.text('workers') ?? '1', { min: 1, max: 65_536 });
}

function linkOf(given: ParsedArguments): Surroundings['link'] {
  const bandwidth = given.text('bandwidth');
  const rtt = given.text('rtt');
  if (bandwidth === undefined && rtt === undefined) return null;
  if (bandwidth === undefined || rtt === undefined) {
    throw new UsageError('--bandwidth and --rtt describe a link together: give both');
  }
  return {
    bandwidthMbit: decimalNumber('bandwidth', bandwidth, { min: 0.001, max: 1e6, unit: 'Mbit/s' }),
    rttMs: decimalNumber('rtt', rtt, { min: 0.001, max: 1e5, unit: 'milliseconds' }),
  };
}
