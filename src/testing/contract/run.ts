import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Bench } from './bench.js';
import { contract } from './contract.js';
import type { ContractPromise } from './promise.js';
import type { ContractSetup } from './setup.js';
import { within } from './waiting.js';

/** How long a wait inside a promise may take before the promise counts as broken, ms. */
const LIMIT_MS = 10_000;
/** The same for a promise that is known to be broken: its failure need not be certain. */
const EXCEPTION_LIMIT_MS = 300;

/** What became of one promise on one engine. */
export type Outcome =
  | { readonly kind: 'kept' }
  | { readonly kind: 'broken'; readonly error: unknown }
  /** Broken as expected. */
  | { readonly kind: 'excepted'; readonly reason: string };

/** Checks one promise; a wait in it may take `limitMs`. */
export async function checkPromise(
  promise: ContractPromise,
  setup: ContractSetup,
  limitMs = setup.exceptions[promise.id] === undefined ? LIMIT_MS : EXCEPTION_LIMIT_MS,
): Promise<Outcome> {
  const reason = setup.exceptions[promise.id];
  const bench = new Bench(setup, limitMs);
  try {
    await within(3 * limitMs, 'the promise to be checked', promise.run(bench));
    await bench.finish();
  } catch (error) {
    await bench.abandon();
    return reason === undefined ? { kind: 'broken', error } : { kind: 'excepted', reason };
  }
  if (reason === undefined) return { kind: 'kept' };
  const error = new Error(
    `${setup.name} keeps this promise: take ${promise.id} off its exceptions`,
  );
  return { kind: 'broken', error };
}

/** Checks every promise, or those of some groups, one after the other; the outcomes by id. */
export async function runContract(
  setup: ContractSetup,
  groups = contract,
): Promise<Map<string, Outcome>> {
  assertKnown(setup);
  const outcomes = new Map<string, Outcome>();
  for (const promise of groups.flatMap((group) => group.promises)) {
    outcomes.set(promise.id, await checkPromise(promise, setup));
  }
  return outcomes;
}

/**
 * Registers a test for every promise with Node's test runner, or for those of some
 * groups. A promise that the setup lists as an exception must be broken, and is
 * reported as skipped with the reason.
 *
 * @throws Error when the setup excepts a promise that does not exist
 */
export function contractTests(setup: ContractSetup, groups = contract): void {
  assertKnown(setup);
  const counts = { kept: 0, broken: 0, excepted: 0 };
  describe(`the contract on ${setup.name}`, () => {
    for (const group of groups) {
      describe(group.subject, () => {
        for (const promise of group.promises) {
          test(promise.title, async (t) => {
            const outcome = await checkPromise(promise, setup);
            counts[outcome.kind]++;
            if (outcome.kind === 'excepted') t.skip(outcome.reason);
            if (outcome.kind === 'broken') throw outcome.error;
          });
        }
      });
    }
    after(() => {
      const { kept, broken, excepted } = counts;
      console.log(
        `contract on ${setup.name}: ${kept} promises kept, ${excepted} excepted, ${broken} broken`,
      );
    });
  });
}

/** An exception must name a promise: a misspelt one would hide nothing and never be noticed. */
function assertKnown(setup: ContractSetup): void {
  const ids = new Set(contract.flatMap((group) => group.promises.map(({ id }) => id)));
  const unknown = Object.keys(setup.exceptions).filter((id) => !ids.has(id));
  assert.deepEqual(unknown, [], `${setup.name} excepts promises that do not exist`);
}
