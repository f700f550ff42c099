import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const VICTIM_CONNECTIONS = 40;
const FLOOD_CONNECTIONS = 300;
const STARVED_CONNECTIONS = 100;
/** Descriptors left to a starving server besides those it has. */
const SPARE_DESCRIPTORS = 10;
const STARVING_MS = 700;

/** A client process with transfers under way is killed with SIGKILL. */
export async function killClient(port) {
  const program = fileURLToPath(new URL('victim.mjs', import.meta.url));
  const victim = spawn(process.execPath, [program, port, VICTIM_CONNECTIONS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(victim, 'exit');
  await Promise.race([once(victim.stdout, 'data'), exited]);
  await sleep(150);
  victim.kill('SIGKILL');
  const [, signal] = await exited;
  if (signal !== 'SIGKILL') throw new Error('the victim died before it was killed');
}

/** Many clients at the same moment. */
export function flood(traffic) {
  return traffic.flood('flood', FLOOD_CONNECTIONS);
}

/**
 * The server may open hardly any descriptor for a while, and far more clients come and stay. On the
 * native engine they wait in the accept queue, and are served when the limit is lifted; libuv turns
 * them away.
 */
export async function starve(server, traffic) {
  const { soft, hard } = descriptorLimits(server.pid);
  const mode = server.engine === 'native' ? 'starved' : 'turned-away';
  setLimit(server.pid, descriptors(server.pid).length + SPARE_DESCRIPTORS, hard);
  try {
    const clients = await traffic.open(mode, STARVED_CONNECTIONS);
    await sleep(STARVING_MS);
    setLimit(server.pid, soft, hard);
    await traffic.ping(clients);
    await traffic.close(clients);
  } finally {
    setLimit(server.pid, soft, hard);
  }
}

export function descriptors(pid) {
  return readdirSync(`/proc/${pid}/fd`);
}

function descriptorLimits(pid) {
  const [, soft, hard] = readFileSync(`/proc/${pid}/limits`, 'utf8').match(
    /^Max open files\s+(\d+)\s+(\d+)/m,
  );
  return { soft, hard };
}

function setLimit(pid, soft, hard) {
  execFileSync('prlimit', ['--pid', pid, `--nofile=${soft}:${hard}`]);
}
