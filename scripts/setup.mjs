// Brings a checkout to where hawser runs: dependencies installed, TypeScript compiled, the native
// engine built. Each step first looks whether its result is there and current; when it is, it
// says and does nothing, so `npm start` and `npm test` can afford to call this every time.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative, isNativeFresh, NativeBuildError } from './build-native.mjs';

/** The checkout's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const stampFolder = join(root, 'build', 'stamps');

/** A step failed, and has already said why on stderr or says it in its message. */
class SetupError extends Error {}

/**
 * Does what is missing and prints one line per step to stderr; a failure ends the process with code 1.
 * `tests` false leaves tests and examples uncompiled, which a server does not need.
 */
export function setUp({ tests }) {
  try {
    checkNode();
    install();
    compile(tests ? ['src', 'test', 'examples'] : ['src']);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exit(1);
  }
  buildNativeEngine();
}

function say(message) {
  console.error(`hawser: ${message}`);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetupError(`Node ${process.version} is too old; hawser needs 20.19 or later`);
}

function install() {
  if (isInstalled()) return;
  say('installing dependencies (npm ci)…');
  const npm = npmCommand();
  // Development tools are needed whatever NODE_ENV says; install scripts are not needed at all.
  const args = [
    'ci',
    '--include=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  run('npm ci', npm[0], [...npm.slice(1), ...args]);
}

/** Whether node_modules holds what package-lock.json says, by npm's own record of what it installed. */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readJson(record).packages;
  const locked = Object.entries(readJson(join(root, 'package-lock.json')).packages);
  return locked.every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

/** npm, and not another package manager that may be running this script. */
export function npmCommand() {
  const running = process.env.npm_execpath;
  if (running && /^npm-cli\.c?js$/.test(basename(running))) return [process.execPath, running];
  const bundled = join(
    dirname(process.execPath),
    '..',
    'lib',
    'node_modules',
    'npm',
    'bin',
    'npm-cli.js',
  );
  return existsSync(bundled) ? [process.execPath, bundled] : ['npm'];
}

/** Compiles the projects whose last success was with other sources. */
function compile(projects) {
  const current = new Map(projects.map((project) => [project, fingerprint(project)]));
  const stale = projects.filter((project) => !isCompiled(project, current.get(project)));
  if (stale.length === 0) return;
  say(`compiling TypeScript (${stale.join(', ')})…`);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  run('tsc', process.execPath, [tsc, '-b', ...stale]);
  mkdirSync(stampFolder, { recursive: true });
  for (const project of stale) writeFileSync(join(stampFolder, project), current.get(project));
}

/** Whether the output is there, and the stamp that only a success leaves says what it is of. */
function isCompiled(project, current) {
  const output = project === 'src' ? 'dist' : join('build', project);
  const stamp = join(stampFolder, project);
  return (
    existsSync(join(root, output, '.tsbuildinfo')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === current
  );
}

/** Changes when a source or a compiler setting changes, and when a file comes or goes. */
function fingerprint(project) {
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.base.json'];
  // Every project is checked against the types of src.
  const sources = [...new Set(['src', project])].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts') || name.endsWith('.json'))
      .map((name) => join(folder, name))
      .sort(),
  );
  const hash = createHash('sha256');
  for (const file of [...settings, ...sources]) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** The one step that may fail: without the addon, everything runs on the node engine. */
function buildNativeEngine() {
  try {
    if (isNativeFresh()) return;
    say('building the native engine…');
    buildNative();
  } catch (error) {
    if (!(error instanceof NativeBuildError)) throw error;
    say(`no native engine, the node engine serves: ${error.message}`);
  }
}

function run(name, command, args) {
  // stdout belongs to the program that is to run; whatever a step prints goes to stderr.
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status === 0) return;
  const how =
    result.error?.message ??
    (result.signal ? `ended by ${result.signal}` : `exit code ${result.status}`);
  throw new SetupError(`${name} failed (${how})`);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
