import {
  decimalNumber,
  describeFlags,
  oneOf,
  type ParsedArguments,
  parseArguments,
  UsageError,
  wholeNumber,
} from './arguments.js';
import { ECHO_FLAGS } from './flag-table.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './log-levels.js';
import { type OptionSetting, parseOptionText } from './option-text.js';

/** When a dead peer is noticed. */
export interface KeepAlive {
  /** Seconds of silence before the first probe, 1 to 32767 (TCP_KEEPIDLE, tcp(7)). */
  readonly idle: number;
  /** Probes before giving up, 1 to 127 (TCP_KEEPCNT). */
  readonly count: number;
  /** Seconds between probes, 1 to 32767 (TCP_KEEPINTVL). */
  readonly interval: number;
}

/** Everything `hawser echo` can be told; `hawser doctor` judges the same settings. */
export interface EchoSettings {
  readonly host: string;
  readonly port: number;
  /** A unix socket instead of host and port. */
  readonly path: string | null;
  readonly backlog: number;
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly nodelay: boolean;
  readonly quickack: boolean;
  /** null: SO_KEEPALIVE stays off. */
  readonly keepalive: KeepAlive | null;
  /** SO_RCVBUF in bytes as asked for (the kernel doubles it); null: left to autotuning. */
  readonly recvBuffer: number | null;
  /** SO_SNDBUF, likewise. */
  readonly sendBuffer: number | null;
  /** In the order given; they win over the flags that set the same option. */
  readonly options: readonly OptionSetting[];
  /** `once`: echo the first chunk of a connection and close it. `stream`: everything until EOF. */
  readonly mode: (typeof MODES)[number];
  readonly engine: (typeof ENGINES)[number];
  /** null: unlimited. */
  readonly maxConnections: number | null;
  readonly drainTimeoutMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Print which system call sets which option when, and exit. */
  readonly explain: boolean;
}

const MODES = ['once', 'stream'] as const;
const ENGINES = ['auto', 'native', 'node'] as const;

const RECIPE_KEEPALIVE: KeepAlive = { idle: 1800, count: 9, interval: 15 };

/** What the recipe sets. */
export const ECHO_DEFAULTS: EchoSettings = {
  host: '127.0.0.1',
  port: 8888,
  path: null,
  backlog: 100,
  reuseAddress: true,
  reusePort: true,
  nodelay: true,
  quickack: true,
  keepalive: RECIPE_KEEPALIVE,
  recvBuffer: null,
  sendBuffer: null,
  options: [],
  mode: 'once',
  engine: 'auto',
  maxConnections: null,
  drainTimeoutMs: 10_000,
  logLevel: 'info',
  logFormat: 'text',
  explain: false,
};

const INT_MAX = 2 ** 31 - 1;
/** The kernel doubles a buffer size into an int. */
const BUFFER = { min: 1, max: 2 ** 30 - 1, unit: 'bytes' };
const DRAIN_SECONDS = { min: 0, max: 86_400, unit: 'seconds' };
const KEEPALIVE_SECONDS = { min: 1, max: 32767, unit: 'seconds' };

const USAGE = 'Usage: hawser echo [flags]';
const PURPOSE = `Serves TCP connections and sends back what they send, with every socket option
set as the flags say. Without flags it listens on 127.0.0.1:8888.`;

/** What `hawser echo --help` prints. */
export function echoHelp(): string {
  return `${USAGE}\n\n${PURPOSE}\n\n${describeFlags(ECHO_FLAGS)}\n`;
}

/** What the command line of `hawser echo` asked for. */
export interface EchoRequest {
  readonly settings: EchoSettings;
  /** Whether a flag was on the command line, so that its value is no mere default. */
  isGiven(flag: string): boolean;
}

/**
 * Reads the flags of `hawser echo`; `'help'` when `--help` is among them.
 * Throws `UsageError`, which names the flag, the value and what would be right.
 */
export function parseEchoFlags(args: readonly string[]): EchoRequest | 'help' {
  const given = parseArguments(ECHO_FLAGS, args);
  if (given.has('help')) return 'help';
  refusePositionals(given);
  return { settings: echoSettings(given), isGiven: (flag) => given.has(flag) };
}

/** No command here takes positional arguments. */
export function refusePositionals(given: ParsedArguments): void {
  const [stray] = given.positionals;
  if (stray !== undefined) {
    throw new UsageError(`unexpected argument "${stray}": flags begin with --, see --help`);
  }
}

/** The settings that parsed arguments describe; flags that are not in the table count as not given. */
export function echoSettings(given: ParsedArguments): EchoSettings {
  refuseContradictions(given);
  const defaults = ECHO_DEFAULTS;
  const whole = (flag: string, limits: Parameters<typeof wholeNumber>[2]): number | null => {
    const text = given.text(flag);
    return text === undefined ? null : wholeNumber(flag, text, limits);
  };
  const word = <W extends string>(flag: string, words: readonly W[], otherwise: W): W =>
    oneOf(flag, given.text(flag) ?? otherwise, words);
  const drain = decimalNumber('drain-timeout', given.text('drain-timeout') ?? '10', DRAIN_SECONDS);
  return {
    host: given.text('host') ?? defaults.host,
    port: whole('port', { min: 0, max: 65535 }) ?? defaults.port,
    path: given.text('path') ?? null,
    backlog: whole('backlog', { min: 0, max: INT_MAX, unit: 'connections' }) ?? defaults.backlog,
    reuseAddress: given.switched('reuse-address') ?? defaults.reuseAddress,
    reusePort: given.switched('reuse-port') ?? defaults.reusePort,
    nodelay: given.switched('nodelay') ?? defaults.nodelay,
    quickack: given.switched('quickack') ?? defaults.quickack,
    keepalive: given.has('no-keepalive') ? null : keepAlive(whole),
    recvBuffer: whole('recv-buffer', BUFFER),
    sendBuffer: whole('send-buffer', BUFFER),
    options: given.texts('option').map(parseOptionText),
    mode: word('mode', MODES, defaults.mode),
    engine: word('engine', ENGINES, defaults.engine),
    maxConnections: whole('max-connections', { min: 1, max: INT_MAX, unit: 'connections' }),
    drainTimeoutMs: Math.round(drain * 1000),
    logLevel: word('log-level', LOG_LEVELS, defaults.logLevel),
    logFormat: word('log-format', LOG_FORMATS, defaults.logFormat),
    explain: given.has('explain'),
  };
}

function keepAlive(
  whole: (flag: string, limits: Parameters<typeof wholeNumber>[2]) => number | null,
): KeepAlive {
  const recipe = RECIPE_KEEPALIVE;
  return {
    idle: whole('keepalive-idle', KEEPALIVE_SECONDS) ?? recipe.idle,
    count: whole('keepalive-count', { min: 1, max: 127, unit: 'probes' }) ?? recipe.count,
    interval: whole('keepalive-interval', KEEPALIVE_SECONDS) ?? recipe.interval,
  };
}

/** Pairs of flags of which one would have to be ignored. */
const CONTRADICTIONS: readonly (readonly [string, string])[] = [
  ['path', 'host'],
  ['path', 'port'],
  ['no-keepalive', 'keepalive-idle'],
  ['no-keepalive', 'keepalive-count'],
  ['no-keepalive', 'keepalive-interval'],
];

function refuseContradictions(given: ParsedArguments): void {
  for (const [one, other] of CONTRADICTIONS) {
    if (given.has(one) && given.has(other)) {
      throw new UsageError(`--${one} and --${other} contradict each other: give one of them`);
    }
  }
}
