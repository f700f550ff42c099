import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Severity } from '#hawser/doctor/finding';
import { doctor, examined, SOUND } from './doctor-run.js';
import { FakeMachine, limitsText } from './fake-proc.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

interface Fault {
  readonly title: string;
  readonly plant?: (machine: FakeMachine) => void;
  readonly flags: string[];
  readonly rule: string;
  readonly severity: Severity;
  /** Among the commands that are offered. */
  readonly command: string;
  /** Both must be in what was found. */
  readonly values: [string, string];
}

const FAULTS: readonly Fault[] = [
  {
    title: 'a backlog above somaxconn',
    flags: ['--backlog', '5000'],
    rule: 'backlog-capped',
    severity: 'warning',
    command: 'sysctl -w net.core.somaxconn=5000',
    values: ['5000', '4096'],
  },
  {
    title: 'fast open while its sysctl lacks the server bit',
    plant: (fake) => fake.sysctl('net.ipv4.tcp_fastopen', 1),
    flags: ['--option', 'TCP_FASTOPEN=16'],
    rule: 'fast-open-off',
    severity: 'error',
    command: 'sysctl -w net.ipv4.tcp_fastopen=3',
    values: ['TCP_FASTOPEN is 16', 'tcp_fastopen is 1'],
  },
  {
    title: 'SO_RCVBUF above rmem_max',
    flags: ['--recv-buffer', '8000000'],
    rule: 'receive-buffer-clamped',
    severity: 'warning',
    command: 'sysctl -w net.core.rmem_max=8000000',
    values: ['8000000', '4194304'],
  },
  {
    title: 'fewer descriptors than maxConnections needs',
    plant: (fake) => fake.file('self/limits', limitsText(1024)),
    flags: ['--max-connections', '2000'],
    rule: 'too-few-descriptors',
    severity: 'warning',
    command: 'ulimit -n 2150',
    values: ['1024', '2150'],
  },
  {
    title: 'a port inside the ephemeral range',
    flags: ['--port', '40000'],
    rule: 'port-is-ephemeral',
    severity: 'warning',
    command: 'sysctl -w net.ipv4.ip_local_reserved_ports=40000',
    values: ['40000', '32768-60999'],
  },
  {
    title: 'a congestion control that the kernel does not have',
    flags: ['--option', 'TCP_CONGESTION=vegas'],
    rule: 'congestion-control-unknown',
    severity: 'error',
    command: 'modprobe tcp_vegas',
    values: ['"vegas"', 'reno, cubic, bbr'],
  },
  {
    title: 'keep-alive that begins after the conntrack timeout',
    plant: (fake) => fake.sysctl('net.netfilter.nf_conntrack_tcp_timeout_established', 100),
    flags: ['--keepalive-idle', '120'],
    rule: 'keepalive-beyond-conntrack',
    severity: 'warning',
    command: '--keepalive-idle 50',
    values: ['120 s', '100 s'],
  },
  {
    title: 'SO_LINGER with a time',
    flags: ['--option', 'SO_LINGER=5'],
    rule: 'linger-blocks',
    severity: 'error',
    command: '--option SO_LINGER=off',
    values: ['SO_LINGER', '5 s'],
  },
  {
    title: 'reuse-port while tcp_migrate_req is 0',
    plant: (fake) => fake.sysctl('net.ipv4.tcp_migrate_req', 0),
    flags: ['--reuse-port', '--workers', '2'],
    rule: 'reuse-port-without-migration',
    severity: 'warning',
    command: 'sysctl -w net.ipv4.tcp_migrate_req=1',
    values: ['SO_REUSEPORT', 'tcp_migrate_req is 0'],
  },
];

describe('the doctor finds a planted fault', () => {
  test('a sound server on a healthy machine gets no finding but the note on quick ACK', async () => {
    const { code, findings, notExamined } = await examined(['--root', machine.root, ...SOUND]);
    assert.equal(code, 0);
    assert.deepEqual(
      findings.map((finding) => finding.rule),
      ['delayed-ack-threshold'],
    );
    assert.deepEqual(notExamined, []);
  });

  for (const fault of FAULTS) {
    test(`${fault.title}: with its values and the command that cures it`, async () => {
      fault.plant?.(machine);
      const args = ['--root', machine.root, ...SOUND, ...fault.flags];
      const { code, findings } = await examined(args);
      const finding = findings.find(({ rule }) => rule === fault.rule);
      assert.ok(finding, `not found among ${findings.map(({ rule }) => rule).join(', ')}`);
      assert.equal(finding.severity, fault.severity);
      for (const value of fault.values) assert.ok(finding.found.includes(value), finding.found);
      const commands = finding.fixes.map(({ command }) => command);
      assert.ok(commands.includes(fault.command), commands.join(' | '));
      assert.equal(code, fault.severity === 'error' ? 1 : 0);

      const { out } = await doctor(args);
      assert.ok(out.includes(fault.command), out);
      assert.ok(out.includes(`${fault.severity.toUpperCase()} ${fault.rule}`), out);
    });
  }

  test('all faults together come sorted: errors, then warnings, then notes', async () => {
    for (const fault of FAULTS) fault.plant?.(machine);
    const args = ['--root', machine.root, ...FAULTS.flatMap(({ flags }) => flags)];
    const { findings, counts, code } = await examined(args);
    const order = ['error', 'warning', 'info'];
    const ranks = findings.map(({ severity }) => order.indexOf(severity));
    assert.deepEqual(ranks, ranks.toSorted());
    assert.equal(counts.error, 3);
    assert.equal(code, 1);
    for (const { rule } of FAULTS) assert.ok(findings.some((finding) => finding.rule === rule));
  });
});
