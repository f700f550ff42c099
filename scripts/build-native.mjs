#!/usr/bin/env node
// Compiles native/*.c into one Node-API addon with the machine's own C compiler:
//
//   npm run build:native                         build/native/hawser.node
//   npm run build:native -- --prebuild           and a copy in prebuilds/<platform>-<arch>[-musl]/
//   npm run build:native -- --sanitize=address   build/native/hawser-asan.node instead
//
// One compiler call is the whole build: no node-gyp, no Python, no make. The addon finds Node-API
// and libuv in the node binary that loads it, and both keep their ABI, so one build serves every
// supported Node version whichever version's headers it was compiled against.
//
// The package ships this file, so it imports nothing but Node's own modules.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sourceFolder = join(root, 'native');
const outputFolder = join(root, 'build', 'native');

/** What can be built. Each variant is one file with its own compiler flags. */
const variants = {
  release: { file: 'hawser.node', flags: ['-O2'] },
  address: {
    file: 'hawser-asan.node',
    flags: [
      ...['-O1', '-g', '-fno-omit-frame-pointer'],
      ...['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
    ],
  },
};

/** The native engine cannot be built here; the message says why and what would help. */
export class NativeBuildError extends Error {
  name = 'NativeBuildError';
}

/** Whether the built addon is the one that the sources and flags of today would give. */
export function isNativeFresh(variant = 'release') {
  const file = join(outputFolder, variants[variant].file);
  return existsSync(file) && readIfThere(stampOf(file)) === fingerprint(variant);
}

/** Builds one variant and returns its path. Throws a NativeBuildError. */
export function buildNative(variant = 'release') {
  const file = join(outputFolder, variants[variant].file);
  const unfinished = `${file}.${process.pid}.tmp`;
  const stamp = fingerprint(variant);
  try {
    compile(variant, unfinished);
  } catch (error) {
    // An addon of other sources must not be loaded by today's TypeScript; the loader can do without one.
    for (const leftover of [unfinished, file]) rmSync(leftover, { force: true });
    throw error;
  }
  // A process that has the old file loaded keeps it; one that loads now gets the old or the new, whole.
  renameSync(unfinished, file);
  writeFileSync(stampOf(file), stamp);
  return file;
}

function compile(variant, output) {
  if (process.platform !== 'linux') {
    throw new NativeBuildError(`it is for Linux only, and this is ${process.platform}`);
  }
  const [command, ...first] = findCompiler();
  const includes = findIncludes().map((folder) => `-I${folder}`);
  const args = [...first, ...flagsOf(variant), ...includes, ...sources('.c'), '-o', output];
  mkdirSync(outputFolder, { recursive: true });
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
  if (result.status !== 0) {
    throw new NativeBuildError(`${command} failed:\n${said || result.error?.message}`);
  }
  if (said) console.error(said);
}

/** Copies the built addon to where the package carries it, and returns the copy's path. */
function copyToPrebuilds(file) {
  const glibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  const target = `${process.platform}-${process.arch}${glibc ? '' : '-musl'}`;
  const copy = join(root, 'prebuilds', target, 'hawser.node');
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(file, copy);
  return copy;
}

function flagsOf(variant) {
  return [
    '-std=c11',
    ...variants[variant].flags,
    '-Wall',
    '-Wextra',
    // A warning of a compiler nobody here has seen must not cost a user the engine.
    ...(process.env.CI ? ['-Werror'] : []),
    '-fPIC',
    '-shared',
    '-fvisibility=hidden',
    '-D_GNU_SOURCE',
    '-DNAPI_VERSION=8',
  ];
}

function sources(...suffixes) {
  const names = existsSync(sourceFolder) ? readdirSync(sourceFolder).sort() : [];
  const wanted = names.filter((name) => suffixes.some((suffix) => name.endsWith(suffix)));
  if (wanted.length === 0) throw new NativeBuildError(`${sourceFolder} has no C sources`);
  return wanted.map((name) => join('native', name));
}

function fingerprint(variant) {
  const hash = createHash('sha256').update(flagsOf(variant).join(' '));
  for (const file of sources('.c', '.h')) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function stampOf(file) {
  return `${file}.stamp`;
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The compiler's command and leading arguments: CC alone when it is set, else the first found on PATH. */
export function findCompiler() {
  const asked = process.env.CC?.trim();
  const candidates = asked ? [asked.split(/\s+/)] : [['cc'], ['gcc'], ['clang']];
  const found = candidates.find(
    ([command]) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (found) return found;
  throw new NativeBuildError(
    asked
      ? `CC names ${JSON.stringify(asked)}, which cannot be run; unset CC or name a C compiler`
      : 'no C compiler on PATH (looked for cc, gcc and clang); install one, for example with "apt-get install gcc libc6-dev", or name it with CC',
  );
}

/** The include folders that have node_api.h and uv.h. */
function findIncludes() {
  const nodeFolders = headerFolders();
  const node = nodeFolders.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (!node) {
    throw new NativeBuildError(
      `no Node headers (looked for node_api.h in ${nodeFolders.join(', ')}); install Node from a tarball or a package that brings include/node, or name the folder above include/node with npm_config_nodedir`,
    );
  }
  const uvFolders = [node, join(node, '..', 'deps', 'uv', 'include'), '/usr/include'];
  const uv = uvFolders.find((folder) => existsSync(join(folder, 'uv.h')));
  if (!uv) {
    throw new NativeBuildError(
      `${node} has node_api.h but uv.h is in none of ${uvFolders.join(', ')}; install libuv's headers, for example with "apt-get install libuv1-dev"`,
    );
  }
  return [...new Set([node, uv])];
}

/** Where Node's headers may be: an installation's include/node, or a source tree's src. */
function headerFolders() {
  const { version } = process;
  const named = process.env.npm_config_nodedir;
  return [
    ...(named ? [join(named, 'include', 'node'), join(named, 'src')] : []),
    join(dirname(process.execPath), '..', 'include', 'node'),
    '/usr/local/include/node',
    '/usr/include/node',
    '/usr/include/nodejs/src',
    join(homedir(), '.cache', 'node-gyp', version.slice(1), 'include', 'node'),
  ];
}

function main() {
  const { values } = parseArgs({
    options: { prebuild: { type: 'boolean' }, sanitize: { type: 'string' } },
  });
  const variant = values.sanitize ?? 'release';
  if (values.sanitize !== undefined && values.sanitize !== 'address') {
    throw new NativeBuildError(
      `--sanitize=${values.sanitize} is unknown; there is --sanitize=address`,
    );
  }
  if (values.prebuild && variant !== 'release') {
    throw new NativeBuildError('--prebuild and --sanitize exclude each other');
  }
  const say = (what, file) => console.error(`hawser: ${what} ${relative(root, file)}`);
  if (isNativeFresh(variant)) say('up to date:', join(outputFolder, variants[variant].file));
  else say('built', buildNative(variant));
  if (values.prebuild) {
    say('copied to', copyToPrebuilds(join(outputFolder, variants[variant].file)));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof NativeBuildError) && error?.code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
      throw error;
    console.error(`hawser: ${error.message}`);
    process.exitCode = 1;
  }
}
