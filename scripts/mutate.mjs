#!/usr/bin/env node
// Breaks the engine on purpose, one line at a time (scripts/mutations.mjs), and sees whether the
// contract suite notices. Works on a copy of the compiled checkout; ends with code 1 when a break
// survives. `node scripts/mutate.mjs [WORD]`: only the breaks whose description has the word.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mutations } from './mutations.mjs';
import { root, setUp } from './setup.mjs';

/** How long a wait inside a promise may take here, ms: most breaks show as a wait in vain. */
const waitMs = 1500;
/** The longest the groups of one break may take, ms; a break may be an endless loop. */
const limitMs = 60_000;
const copy = join(root, 'build', 'mutation');

if (process.argv[2] === '--check') await checkGroups(process.argv.slice(3));
else await mutateAll(process.argv[2] ?? '');

async function mutateAll(word) {
  setUp({ tests: true });
  prepareCopy();
  const { default: typescript } = await import('typescript');
  const chosen = mutations.filter(({ breaks }) => breaks.includes(word));
  for (const groups of new Set(chosen.map((mutation) => mutation.groups.join()))) {
    const { caught, by } = check(groups.split(','));
    if (caught) throw new Error(`the suite fails without any break: ${by}`);
  }
  let score = 0;
  for (const mutation of chosen) {
    const { caught, by } = tryMutation(mutation, typescript);
    if (caught) score++;
    console.log(
      `${caught ? 'caught  ' : 'SURVIVED'}  ${mutation.breaks}${caught ? `: ${by}` : ''}`,
    );
  }
  console.log(`${score} of ${chosen.length} deliberate breaks were caught`);
  rmSync(copy, { recursive: true });
  if (score < chosen.length) process.exitCode = 1;
}

function prepareCopy() {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(join(copy, 'build'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(root, 'build', 'test'), join(copy, 'build', 'test'), { recursive: true });
  symlinkSync(join(root, 'build', 'native'), join(copy, 'build', 'native'));
}

/** Puts the broken file in its place, checks, and puts the sound one back. */
function tryMutation({ file, from, to, groups }, typescript) {
  const source = readFileSync(join(root, file), 'utf8');
  if (source.split(from).length !== 2) {
    throw new Error(`${file} must have this once, for scripts/mutations.mjs: ${from}`);
  }
  const { outputText } = typescript.transpileModule(
    source.replace(from, () => to),
    {
      compilerOptions: { module: 'ESNext', target: 'ES2023', verbatimModuleSyntax: true },
    },
  );
  const target = join(copy, file.replace(/^src/, 'dist').replace(/\.ts$/, '.js'));
  const sound = readFileSync(target);
  writeFileSync(target, outputText);
  try {
    return check(groups);
  } finally {
    writeFileSync(target, sound);
  }
}

/** Whether a process that checks these groups on the copy finds anything, and what. */
function check(groups) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), '--check', ...groups],
    { cwd: copy, timeout: limitMs, killSignal: 'SIGKILL', encoding: 'utf8' },
  );
  if (status === 0) return { caught: false, by: '' };
  const crash = signal === null ? stderr.match(/^\w*Error.*$/m)?.[0] : 'it ran without end';
  return { caught: true, by: stdout.trim() || crash || `exit code ${status}` };
}

/** In a process of its own: ends with code 1 at the first broken promise, and says which. */
async function checkGroups(names) {
  const load = (path) => import(pathToFileURL(join(process.cwd(), path)));
  const { checkPromise, contract } = await load('dist/testing/index.js');
  const { setups } = await load('build/test/contract/setups.js');
  const setup = await setups.native();
  for (const { promises } of contract.filter(({ name }) => names.includes(name))) {
    for (const promise of promises) {
      const outcome = await checkPromise(promise, setup, waitMs);
      if (outcome.kind !== 'broken') continue;
      console.log(promise.id);
      process.exit(1);
    }
  }
  process.exit(0);
}
