#!/usr/bin/env node
// `npm test [-- paths or flags of node --test]`. A path is a test source, its compiled file or a
// folder of them: `npm test -- test/options`, `npm test -- --test-name-pattern=close test/server.test.ts`.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { root, setUp } from './setup.mjs';

/** Flags of `node --test` whose value may be the next argument; it is not a path then. */
const flagsWithValue = new Set([
  '--test-name-pattern',
  '--test-skip-pattern',
  '--test-reporter',
  '--test-reporter-destination',
  '--test-concurrency',
  '--test-timeout',
  '--test-shard',
]);

/** The longest a test file may take, ms: a hang becomes a failure that names the file. */
const fileTimeoutMs = 240_000;

function splitArguments(args) {
  const flags = [];
  const paths = [];
  for (let i = 0; i < args.length; i++) {
    if (!args[i].startsWith('-')) paths.push(args[i]);
    else if (flagsWithValue.has(args[i])) flags.push(args[i], args[++i]);
    else flags.push(args[i]);
  }
  return { flags, paths };
}

/** Test sources, as paths below the root. From the sources and not from build/, where a deleted test would live on. */
function testSources() {
  return readdirSync(join(root, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .sort();
}

/** The sources that `path`, relative to where the command was typed, selects. */
function select(sources, path) {
  const typed = relative(root, resolve(process.env.INIT_CWD ?? '.', path));
  const wanted = typed.replace(/^build[\\/]test/, 'test').replace(/\.js$/, '.ts');
  const found = sources.filter((file) => file === wanted || file.startsWith(wanted + sep));
  if (found.length > 0) return found;
  console.error(`hawser: no test at ${path}; give a *.test.ts file or a folder below test/`);
  process.exit(2);
}

const { flags, paths } = splitArguments(process.argv.slice(2));
const sources = testSources();
const selected = paths.length > 0 ? paths.flatMap((path) => select(sources, path)) : sources;
setUp({ tests: true });

const result = spawnSync(
  process.execPath,
  [
    '--test',
    '--enable-source-maps',
    `--test-concurrency=${availableParallelism()}`,
    `--test-timeout=${fileTimeoutMs}`,
    ...(flags.some((flag) => flag.startsWith('--test-reporter')) ? [] : ['--test-reporter=spec']),
    ...flags,
    ...selected.map((file) => join('build', file.replace(/\.ts$/, '.js'))),
  ],
  { cwd: root, stdio: 'inherit' },
);
if (result.signal) process.kill(process.pid, result.signal);
process.exitCode = result.status ?? 1;
