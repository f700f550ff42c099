import { availableParallelism, networkInterfaces, release } from 'node:os';
import type { EngineChoice } from './engine-choice.js';
import type { Counters, Facts, Reading } from './facts.js';
import {
  parseCapabilities,
  parseCounterPairs,
  parseOpenFiles,
  parseSocketUse,
  parseSoftnet,
} from './parse.js';
import { ProcTree } from './proc-tree.js';
import { SYSCTL_NAMES } from './sysctl-names.js';

/** Where the facts come from; every field has the real machine as its default. */
export interface Source {
  /** Directory that holds `proc`; default `/`. */
  readonly root?: string;
  readonly platform?: string;
  readonly engine: EngineChoice;
}

const NOT_LINUX: Reading<never> = { ok: false, reason: 'Linux only' };

/** Reads the machine once. Never throws: what cannot be read says so in its own place. */
export function readFacts(source: Source): Facts {
  const platform = source.platform ?? process.platform;
  const tree = new ProcTree(source.root ?? '/');
  const linux = platform === 'linux';
  const parsed = <T>(path: string, parse: (text: string) => Reading<T>): Reading<T> => {
    if (!linux) return NOT_LINUX;
    const text = tree.read(path);
    return text.ok ? parse(text.value) : text;
  };
  return {
    platform,
    kernel: release(),
    sysctls: new Map(linux ? SYSCTL_NAMES.map((name) => [name, tree.sysctl(name)]) : []),
    counters: linux ? readCounters(source.root ?? '/') : NOT_LINUX,
    socketUse: parsed('proc/net/sockstat', parseSocketUse),
    openFiles: parsed('proc/self/limits', parseOpenFiles),
    capabilities: parsed('proc/self/status', parseCapabilities),
    processors: availableParallelism(),
    localAddresses: Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).map(({ address }) => address),
    ),
    engine: source.engine,
  };
}

const COUNTER_FILES = [
  ['proc/net/netstat', parseCounterPairs],
  ['proc/net/snmp', parseCounterPairs],
  ['proc/net/softnet_stat', parseSoftnet],
] as const;

/** The counters of every file that is there; a failure only when none is. */
export function readCounters(root: string): Reading<Counters> {
  const tree = new ProcTree(root);
  const all = new Map<string, number>();
  let failure: Reading<Counters> | null = null;
  for (const [path, parse] of COUNTER_FILES) {
    const text = tree.read(path);
    const counters = text.ok ? parse(text.value) : text;
    if (counters.ok) for (const [name, value] of counters.value) all.set(name, value);
    else failure ??= { ok: false, reason: `/${path}: ${counters.reason}` };
  }
  return failure !== null && all.size === 0 ? failure : { ok: true, value: all };
}
