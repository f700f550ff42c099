// Reports read back from bench/results.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESULTS } from './paths.mjs';

/** Numbers in names compare as numbers: 2026-11-23-2 comes before 2026-11-23-10. */
const byName = new Intl.Collator('en', { numeric: true }).compare;

export function newestReport() {
  const names = readdirSync(RESULTS).sort(byName);
  if (names.length === 0) throw new Error('bench/results is empty: npm run bench -- --report');
  return names.at(-1);
}

/** @param {string} name a folder of bench/results */
export const readReport = (name) =>
  JSON.parse(readFileSync(join(RESULTS, name, 'results.json'), 'utf8'));
