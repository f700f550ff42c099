// The C parts, compiled with the machine's compiler when they are older than
// their sources.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { BENCH, BUILD } from './paths.mjs';

const FLAGS = ['-O2', '-Wall', '-Wextra', '-Wno-missing-field-initializers'];

function isFresh(output, sources) {
  if (!existsSync(output)) return false;
  const built = statSync(output).mtimeMs;
  return sources.every((source) => statSync(source).mtimeMs < built);
}

function build(output, sources, command) {
  if (isFresh(output, sources)) return output;
  mkdirSync(BUILD, { recursive: true });
  const run = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  if (run.status !== 0)
    throw new Error(`${command[0]} failed: ${run.error?.message ?? run.stderr}`);
  return output;
}

/** The load generator's path. Throws without a C compiler: nothing can be measured then. */
export function buildLoad() {
  const folder = join(BENCH, 'load');
  const sources = readdirSync(folder).map((name) => join(folder, name));
  const output = join(BUILD, 'load');
  const units = sources.filter((name) => name.endsWith('.c'));
  return build(output, sources, [process.env.CC ?? 'cc', ...FLAGS, '-o', output, ...units]);
}

/** The C server's path. */
export function buildEpoll() {
  const source = join(BENCH, 'servers/epoll.c');
  const output = join(BUILD, 'epoll');
  return build(output, [source], [process.env.CC ?? 'cc', ...FLAGS, '-o', output, source]);
}

/** The Go server's path; throws without Go. */
export function buildGo() {
  const source = join(BENCH, 'servers/net.go');
  const output = join(BUILD, 'go-net');
  return build(output, [source], ['go', 'build', '-o', output, source]);
}
