import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

const notOurs = new Set(['node_modules', 'dist', 'build', 'prebuilds', '.git']);

/** Files at or below `path`, as slash-separated paths from the root, sorted. None when `path` is not there. */
export function filesBelow(path: string): string[] {
  const folder = join(root, path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !notOurs.has(entry.name))
    .flatMap((entry) => {
      const child = relative(root, join(folder, entry.name));
      return entry.isDirectory() ? filesBelow(child) : [child.replaceAll('\\', '/')];
    })
    .sort();
}

/** The text of a file named from the root. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Lines as `wc -l` counts them. */
export function lineCount(path: string): number {
  return read(path).split('\n').length - 1;
}

/** One static or dynamic import or re-export. */
export interface Import {
  /** As written: `./address.js`, `node:net`. */
  readonly from: string;
  /** The file it means, from the root, for a relative import. */
  readonly target: string | null;
  /** Erased by the compiler: there is no such import at run time. */
  readonly isTypeOnly: boolean;
  /** The imported names without `type`; empty for `* as` and side-effect imports. */
  readonly names: readonly string[];
}

/** What a TypeScript file imports. */
export function importsOf(path: string): Import[] {
  const text = read(path);
  const found: Import[] = [];
  const statement =
    /^(?:import|export)\s+(?:(type\s)?([\w$*,\s]*(?:\{[^}]*\})?)\s*from\s+)?'([^'\n]+)';/gm;
  for (const [, type, clause = '', from = ''] of text.matchAll(statement)) {
    const specifiers = clause.match(/\{([^}]*)\}/)?.[1]?.split(',') ?? [];
    const names = specifiers.map((name) => name.trim()).filter((name) => name !== '');
    const isTypeOnly = !!type || (names.length > 0 && names.every((n) => n.startsWith('type ')));
    found.push({
      from,
      target: targetOf(path, from),
      isTypeOnly,
      names: names.map((name) => name.replace(/^type /, '').replace(/ as .*/, '')),
    });
  }
  for (const [, from = ''] of text.matchAll(/\bimport\(\s*'([^']+)'/g)) {
    found.push({ from, target: targetOf(path, from), isTypeOnly: false, names: [] });
  }
  return found;
}

function targetOf(path: string, from: string): string | null {
  if (!from.startsWith('.')) return null;
  const url = new URL(from, `file:///${path}`);
  return url.pathname.slice(1).replace(/\.js$/, '.ts');
}
