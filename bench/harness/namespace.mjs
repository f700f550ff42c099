// A network namespace of our own: no other loopback traffic, and TCP settings
// that are the same everywhere. The host's congestion control matters even on
// loopback: bbr costs 20 to 30 % more CPU on bulk than reno.
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const MARK = 'HAWSER_BENCH_NAMESPACE';

// TIME_WAIT is kept short of memory pressure: churn makes tens of thousands.
const SETUP = `
ip link set lo up || exit 97
set_sysctl() { echo "$2" > /proc/sys/net/$1 2>/dev/null || echo "note: could not set net/$1 to $2" >&2; }
set_sysctl ipv4/tcp_congestion_control reno
set_sysctl core/somaxconn 4096
set_sysctl ipv4/tcp_max_tw_buckets 8192
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
exec "$@"`;

const isRoot = process.getuid() === 0;
const UNSHARE = isRoot ? ['unshare', '-n'] : ['unshare', '-rn'];

/** Whether this process is already inside. */
export const isInside = () => process.env[MARK] === '1';

/** What the report says about where it ran. */
export const description = () =>
  isInside() ? 'own network namespace, reno' : "the machine's own network (figures disturbed)";

/** Runs this script again inside and returns its exit code, or null if that cannot be. */
export function runInside(argv) {
  const [command, ...rest] = [...UNSHARE, 'sh', '-c', SETUP, 'sh', process.execPath, ...argv];
  const probe = spawnSync(command, [...rest.slice(0, 1), 'sh', '-c', 'ip link set lo up']);
  if (probe.status !== 0) {
    console.error(
      `note: no network namespace (${probe.error?.message ?? probe.stderr}); going on without`,
    );
    return null;
  }
  const run = spawnSync(command, rest, { stdio: 'inherit', env: { ...process.env, [MARK]: '1' } });
  return run.status ?? 1;
}
