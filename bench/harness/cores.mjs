// The server has one core, the generator and this process another.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

function allowedCores() {
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const cores = allowedCores();
export const isPinned = cores.length >= 2;
const [loadCore, serverCore] = cores;

const pinnedTo = (core, command) =>
  isPinned ? ['taskset', '-c', String(core), ...command] : command;

export const onServerCore = (command) => pinnedTo(serverCore, command);
export const onLoadCore = (command) => pinnedTo(loadCore, command);

/** Keeps this process off the server's core. */
export function moveAway() {
  if (isPinned) execFileSync('taskset', ['-a', '-c', '-p', String(loadCore), String(process.pid)]);
}

export const description = () =>
  isPinned ? `server on core ${serverCore}, generator on core ${loadCore}` : 'one core: not pinned';
