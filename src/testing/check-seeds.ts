import { asError, codedError } from '../errors.js';
import { type MemoryNetwork, type MemoryNetworkOptions, Network } from './memory-network.js';
import { FaultInjected, traceLine } from './report.js';

/** How long a scenario may take, virtual ms: a day. */
const PATIENCE_MS = 86_400_000;
/** How many events a scenario may cause: code that answers itself for ever is stopped there. */
const STEP_LIMIT = 250_000;
const TRACED_LINES = 40;

/** Which seeds are run, and what their networks are like. */
export interface SeedOptions extends Omit<MemoryNetworkOptions, 'seed' | 'chunks' | 'timers'> {
  /** How many seeds are run, from 0 on; default 1000. */
  seeds?: number;
  /** Only this one: to reproduce a failure. */
  seed?: number;
}

/** What became of a check in which no seed failed. */
export interface SeedResult {
  /** How many seeds were run. */
  readonly runs: number;
  /** In how many of them a fault ended a connection before the scenario was through. */
  readonly faulted: number;
}

/** A scenario failed: with which seed, why (`cause`), and what had happened until then. */
export class SeedFailure extends Error {
  override readonly name = 'SeedFailure';
  readonly seed: number;
  /** What arrived where, in order; the last lines are in the message. */
  readonly trace: readonly string[];

  constructor(seed: number, cause: Error, trace: readonly string[]) {
    const left = trace.length - TRACED_LINES;
    const lines = [
      `seed ${seed} fails: ${cause.message}`,
      `  to run it alone: { seed: ${seed} }`,
      left > 0 ? `  the last of ${trace.length} events:` : '  what happened:',
      ...trace.slice(-TRACED_LINES).map((line) => `    ${line}`),
    ];
    super(lines.join('\n'), { cause });
    this.seed = seed;
    this.trace = trace;
  }
}

/**
 * Runs a scenario in one network after another, each with its own seed, and stops at
 * the first that fails. Seed 0 is the happy path: nothing is cut, delayed or broken;
 * with seed 1 every byte arrives alone.
 *
 * The scenario may wait for peers, for `network.idle()`, and for the clock; while it
 * waits, virtual time passes by itself. When it waits for anything else, such as a
 * real timer, it fails, because in virtual time that never comes.
 *
 * @throws SeedFailure
 */
export async function checkSeeds(
  scenario: (network: MemoryNetwork) => Promise<void>,
  options: SeedOptions = {},
): Promise<SeedResult> {
  const { seeds = 1000, seed: only, ...networkOptions } = options;
  if (!Number.isInteger(seeds) || seeds < 1) {
    throw codedError(
      new RangeError(`seeds must be a whole number of at least 1; got ${seeds}`),
      'ERR_OUT_OF_RANGE',
    );
  }
  const first = only ?? 0;
  const runs = only === undefined ? seeds : 1;
  let faulted = 0;
  for (let seed = first; seed < first + runs; seed++) {
    if (!(await runSeed(seed, scenario, networkOptions))) faulted++;
  }
  return { runs, faulted };
}

/** Whether the scenario came to its end; false: a fault of the seed's ended it. */
async function runSeed(
  seed: number,
  scenario: (network: MemoryNetwork) => Promise<void>,
  options: MemoryNetworkOptions,
): Promise<boolean> {
  const trace: string[] = [];
  const network = new Network({
    ...options,
    ...special(seed),
    seed,
    trace: (event) => {
      trace.push(traceLine(event));
      options.trace?.(event);
    },
  });
  network.clock.stepLimit = STEP_LIMIT;
  try {
    await untilDone(network, scenario);
    return true;
  } catch (thrown) {
    if (thrown instanceof FaultInjected) return false;
    throw new SeedFailure(seed, asError(thrown), trace);
  } finally {
    network.stop();
  }
}

function special(seed: number): MemoryNetworkOptions {
  if (seed === 0) return { chunks: 'whole', maxDelayMs: 0, faults: {} };
  return seed === 1 ? { chunks: 'bytes', faults: {} } : {};
}

/** The scenario, with time passing while it waits. What a timer throws counts as thrown by it. */
async function untilDone(
  network: Network,
  scenario: (network: MemoryNetwork) => Promise<void>,
): Promise<void> {
  let isDone = false;
  const timerFailed = new Promise<never>((_, reject) => {
    network.clock.onTimerError = reject;
  });
  const done = scenario(network).finally(() => {
    isDone = true;
    network.waiting.notify();
  });
  const inVain = () =>
    new Error(
      'the scenario waits for something that is not of its network: a real timer, real I/O, or a promise that nobody resolves',
    );
  const timePassing = network.waiting.until(() => isDone, inVain, PATIENCE_MS);
  await Promise.race([Promise.all([done, timePassing]), timerFailed]);
}
