import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { JsonReport } from './doctor-run.js';
import { SOUND } from './doctor-run.js';

/**
 * The real /proc, in a network namespace of the test's own: sysctls are changed there, and
 * nothing outside notices.
 */

const run = promisify(execFile);

const probe = spawnSync('unshare', ['-n', 'sh', '-c', 'ip link set lo up'], { encoding: 'utf8' });
const skip =
  probe.status === 0
    ? false
    : `needs unshare(1), ip(8) and the right to make a network namespace: ${(probe.error?.message ?? probe.stderr).trim()}`;

const DOCTOR = `
  const { runDoctor } = await import('#hawser/cli/doctor');
  process.exitCode = await runDoctor(process.argv.slice(1), process.stdout, process.stderr, {
    probeEngine: () => ({ name: 'native', reason: 'assumed' }),
  });
`;

/** Runs a shell script in a new namespace with loopback up; `$DOCTOR` in it is the command. */
async function inNamespace(script: string, flags: string[]): Promise<JsonReport> {
  const { stdout } = await run(
    'unshare',
    [
      '-n',
      'sh',
      '-c',
      `set -e; ip link set lo up; ${script}\nnode --input-type=module -e "$DOCTOR" -- "$@"`,
      'sh',
      ...flags,
      '--json',
    ],
    { env: { ...process.env, DOCTOR }, timeout: 30_000 },
  ).catch((failed: { stdout: string; code: number }) => failed);
  return JSON.parse(stdout) as JsonReport;
}

function found(report: JsonReport, rule: string): string {
  return report.findings.find((finding) => finding.rule === rule)?.found ?? 'no finding';
}

describe('in a network namespace, with the kernel’s own files', { skip }, () => {
  test('a fresh namespace hides some sysctls, and the doctor says which', async () => {
    const report = await inNamespace('', [...SOUND, '--recv-buffer', '1000000000']);
    const hidden = report.notExamined.filter(({ reason }) => reason === 'not visible here');
    assert.ok(hidden.some(({ name }) => name === 'net.ipv4.tcp_mem'));
    const clamped = report.findings.find(({ rule }) => rule === 'receive-buffer-clamped');
    assert.match(clamped?.fixes[0]?.note ?? '', /change it on the host/);
  });

  test('a backlog above somaxconn is found, and the command it gives cures it', async () => {
    const flags = [...SOUND, '--backlog', '100'];
    const before = await inNamespace('sysctl -qw net.core.somaxconn=64', flags);
    assert.match(found(before, 'backlog-capped'), /backlog is 100, but net\.core\.somaxconn is 64/);
    const cure = before.findings.find(({ rule }) => rule === 'backlog-capped')!.fixes[0]!.command;
    const after = await inNamespace(`sysctl -qw net.core.somaxconn=64; ${cure} >&2`, flags);
    assert.equal(found(after, 'backlog-capped'), 'no finding');
  });

  test('reuse-port with tcp_migrate_req 0 is found, and the command it gives cures it', async () => {
    const flags = [...SOUND, '--reuse-port', '--workers', '2'];
    const before = await inNamespace('sysctl -qw net.ipv4.tcp_migrate_req=0', flags);
    assert.match(found(before, 'reuse-port-without-migration'), /tcp_migrate_req is 0/);
    const rule = 'reuse-port-without-migration';
    const cure = before.findings.find((finding) => finding.rule === rule)!.fixes[0]!.command;
    const after = await inNamespace(`${cure} >&2`, flags);
    assert.equal(found(after, rule), 'no finding');
  });

  test('fast open without the server bit is found', async () => {
    const flags = [...SOUND, '--option', 'TCP_FASTOPEN=16'];
    const before = await inNamespace('sysctl -qw net.ipv4.tcp_fastopen=1', flags);
    assert.match(found(before, 'fast-open-off'), /bit 2/);
    const after = await inNamespace('sysctl -qw net.ipv4.tcp_fastopen=3', flags);
    assert.equal(found(after, 'fast-open-off'), 'no finding');
  });

  test('a port inside a changed ephemeral range is found, and reserving it cures it', async () => {
    const flags = [...SOUND, '--port', '20000'];
    const range = "sysctl -qw net.ipv4.ip_local_port_range='10000 60999'";
    const before = await inNamespace(range, flags);
    assert.match(found(before, 'port-is-ephemeral'), /10000-60999/);
    const cure = before.findings.find(({ rule }) => rule === 'port-is-ephemeral')!.fixes[0]!;
    const after = await inNamespace(`${range}; ${cure.command} >&2`, flags);
    assert.equal(found(after, 'port-is-ephemeral'), 'no finding');
  });

  test('--watch sees a listener overflow while its process is stopped', async () => {
    const script = `
      dir=$(mktemp -d); mkfifo "$dir/up"
      trap 'kill -KILL $server $clients; rm -r "$dir"' EXIT
      node -e "net.createServer().listen({ port: 9000, host: '127.0.0.1', backlog: 1 }, () => console.log('up'))" > "$dir/up" & server=$!
      read _ < "$dir/up"
      kill -STOP $server
      node -e "for (let i = 0; i < 8; i++) net.connect(9000, '127.0.0.1').on('error', () => {})" & clients=$!`;
    const report = await inNamespace(script, [...SOUND, '--watch', '2.5']);
    const grew = report.watch?.grew?.find(({ name }) => name === 'TcpExt.ListenOverflows');
    assert.ok(grew !== undefined && grew.by > 0, JSON.stringify(report.watch));
  });
});
