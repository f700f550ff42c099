import type { Bench } from './bench.js';

/** One promise about transports and servers, with the code that checks it. */
export interface ContractPromise {
  /** `group/what`: stable, for exceptions and the support matrix. */
  readonly id: string;
  /** The promise, as a sentence. */
  readonly title: string;
  /** Tries it; rejects when the promise is broken. */
  readonly run: (bench: Bench) => Promise<void>;
}

/** Promises about one subject. */
export interface PromiseGroup {
  readonly name: string;
  readonly subject: string;
  readonly promises: readonly ContractPromise[];
}

type Entry = readonly [what: string, title: string, run: ContractPromise['run']];

/** Makes a group of entries, whose ids start with its name. */
export function promises(name: string, subject: string, entries: readonly Entry[]): PromiseGroup {
  return {
    name,
    subject,
    promises: entries.map(([what, title, run]) => ({ id: `${name}/${what}`, title, run })),
  };
}
