import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Machine } from '#hawser/cli/doctor';
import { RULES } from '#hawser/doctor/examine';
import type { Severity } from '#hawser/doctor/finding';
import { SYSCTL_NAMES } from '#hawser/doctor/sysctl-names';
import { examined, SOUND } from './doctor-run.js';
import {
  FAKE_SYSCTL_NAMES,
  FakeMachine,
  limitsText,
  netstatText,
  sockstatText,
  statusText,
} from './fake-proc.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

interface Case {
  readonly rule: string;
  readonly severity: Severity;
  readonly when: string;
  readonly plant?: (machine: FakeMachine) => void;
  readonly flags?: string[];
  readonly here?: Partial<Machine>;
  /** A command that must be among the fixes. */
  readonly command?: string;
}

const set =
  (name: string, value: string | number) =>
  (fake: FakeMachine): FakeMachine =>
    fake.sysctl(name, value);

const NODE_ONLY: Partial<Machine> = {
  probeEngine: () => ({ name: 'node', reason: 'no binary is built' }),
};

// biome-ignore format: a table is read by rows
const CASES: readonly Case[] = [
  { rule: 'native-engine-missing', severity: 'warning', when: 'the addon does not load', here: NODE_ONLY, command: 'npm run build:native' },
  { rule: 'native-engine-missing', severity: 'error', when: 'the addon does not load and is asked for', here: NODE_ONLY, flags: ['--engine', 'native'] },
  { rule: 'too-few-descriptors', severity: 'warning', when: 'nr_open is too low as well', plant: (m) => m.file('self/limits', limitsText(1024)).sysctl('fs.nr_open', 1024), flags: ['--max-connections', '2000'], command: 'sysctl -w fs.nr_open=2150' },
  { rule: 'system-descriptors-filling', severity: 'warning', when: 'over 80 % of file-max is open', plant: set('fs.file-nr', '810\t0\t1000'), command: 'sysctl -w fs.file-max=2000' },
  { rule: 'more-workers-than-cpus', severity: 'info', when: 'there are 5000 workers', flags: ['--workers', '5000'] },
  { rule: 'backlog-capped', severity: 'warning', when: 'the backlog is one too long', flags: ['--backlog', '4097'], command: '--backlog 4096' },
  { rule: 'syn-queue-short', severity: 'info', when: 'the SYN queue is shorter than the backlog', flags: ['--backlog', '3000'], command: 'sysctl -w net.ipv4.tcp_max_syn_backlog=3000' },
  { rule: 'syn-queue-short', severity: 'warning', when: 'and cookies are off', plant: set('net.ipv4.tcp_syncookies', 0), flags: ['--backlog', '3000'] },
  { rule: 'syn-cookies', severity: 'warning', when: 'cookies are off', plant: set('net.ipv4.tcp_syncookies', 0), command: 'sysctl -w net.ipv4.tcp_syncookies=1' },
  { rule: 'syn-cookies', severity: 'warning', when: 'cookies are always sent', plant: set('net.ipv4.tcp_syncookies', 2) },
  { rule: 'abort-on-overflow', severity: 'warning', when: 'it is on', plant: set('net.ipv4.tcp_abort_on_overflow', 1), command: 'sysctl -w net.ipv4.tcp_abort_on_overflow=0' },
  { rule: 'small-accept-queue', severity: 'info', when: 'somaxconn is 128', plant: set('net.core.somaxconn', 128), command: 'sysctl -w net.core.somaxconn=4096' },
  { rule: 'accept-queue-overflowed', severity: 'info', when: 'it happened since boot', plant: (m) => m.file('net/netstat', netstatText({ ListenOverflows: 3 })) },
  { rule: 'packets-dropped', severity: 'info', when: 'softnet counts drops', plant: (m) => m.file('net/softnet_stat', '0000001a 00000010 00000000\n'), command: 'sysctl -w net.core.netdev_max_backlog=2000' },
  { rule: 'privileged-port', severity: 'error', when: 'the capability is missing', plant: (m) => m.file('self/status', statusText(0n)), flags: ['--port', '80'], command: 'sysctl -w net.ipv4.ip_unprivileged_port_start=80' },
  { rule: 'port-is-ephemeral', severity: 'warning', when: 'other ports are reserved', plant: set('net.ipv4.ip_local_reserved_ports', '39000,50000-50010'), flags: ['--port', '40000'], command: 'sysctl -w net.ipv4.ip_local_reserved_ports=39000,50000-50010,40000' },
  { rule: 'port-is-ephemeral', severity: 'warning', when: 'it is the last of the range', flags: ['--port', '60999'] },
  { rule: 'port-is-ephemeral', severity: 'warning', when: 'it is the first of the range', flags: ['--port', '32768'] },
  { rule: 'reuse-port-without-migration', severity: 'warning', when: 'it is set as an option', plant: set('net.ipv4.tcp_migrate_req', 0), flags: ['--option', 'SO_REUSEPORT=on'] },
  { rule: 'reuse-port-alone', severity: 'warning', when: 'there is one process', flags: ['--reuse-port'], command: '--no-reuse-port' },
  { rule: 'reuse-address-off', severity: 'warning', when: 'it is off', flags: ['--no-reuse-address'], command: '--reuse-address' },
  { rule: 'dual-stack-off', severity: 'warning', when: 'bindv6only is 1', plant: set('net.ipv6.bindv6only', 1), flags: ['--host', '::'], command: 'sysctl -w net.ipv6.bindv6only=0' },
  { rule: 'address-not-local', severity: 'info', when: 'the address is of TEST-NET', flags: ['--host', '192.0.2.1'], command: '--option IP_FREEBIND=on' },
  { rule: 'address-not-local', severity: 'info', when: 'the address is of the IPv6 documentation net', flags: ['--host', '2001:db8::1'], command: '--option IPV6_FREEBIND=on' },
  { rule: 'listens-everywhere', severity: 'info', when: 'the host is a wildcard', flags: ['--host', '0.0.0.0'] },
  { rule: 'receive-buffer-clamped', severity: 'warning', when: 'it is one byte too large', flags: ['--recv-buffer', '4194305'], command: '--recv-buffer 4194304' },
  { rule: 'send-buffer-clamped', severity: 'warning', when: 'it is one byte too large', flags: ['--send-buffer', '4194305'], command: 'sysctl -w net.core.wmem_max=4194305' },
  { rule: 'receive-autotuning-off', severity: 'warning', when: 'it is off', plant: set('net.ipv4.tcp_moderate_rcvbuf', 0), command: 'sysctl -w net.ipv4.tcp_moderate_rcvbuf=1' },
  { rule: 'window-scaling-off', severity: 'warning', when: 'it is off', plant: set('net.ipv4.tcp_window_scaling', 0), command: 'sysctl -w net.ipv4.tcp_window_scaling=1' },
  { rule: 'receive-window-below-link', severity: 'warning', when: '10 Gbit/s at 100 ms need 125 MB', flags: ['--bandwidth', '10000', '--rtt', '100'], command: "sysctl -w net.ipv4.tcp_rmem='4096 131072 125000000'" },
  { rule: 'send-window-below-link', severity: 'warning', when: '10 Gbit/s at 100 ms need 125 MB', flags: ['--bandwidth', '10000', '--rtt', '100'], command: "sysctl -w net.ipv4.tcp_wmem='4096 16384 125000000'" },
  { rule: 'tcp-memory-pressure', severity: 'warning', when: 'pages are above the second mark', plant: (m) => m.file('net/sockstat', sockstatText({ mem: 383_869 })) },
  { rule: 'receive-buffer-locked', severity: 'info', when: 'it is set', flags: ['--recv-buffer', '65536'], command: 'leave out --recv-buffer' },
  { rule: 'send-buffer-locked', severity: 'info', when: 'it is set', flags: ['--send-buffer', '65536'], command: 'leave out --send-buffer' },
  { rule: 'default-buffers-are-not-tcp', severity: 'info', when: 'someone raised rmem_default', plant: set('net.core.rmem_default', 1_000_000) },
  { rule: 'fast-open-off', severity: 'error', when: 'only other bits are set', plant: set('net.ipv4.tcp_fastopen', 0x401), flags: ['--option', 'TCP_FASTOPEN=16'], command: 'sysctl -w net.ipv4.tcp_fastopen=1027' },
  { rule: 'congestion-control-unknown', severity: 'error', when: 'it is misspelt', flags: ['--option', 'TCP_CONGESTION=cubik'], command: '--option TCP_CONGESTION=reno' },
  { rule: 'congestion-control-not-allowed', severity: 'error', when: 'CAP_NET_ADMIN is missing', plant: (m) => m.file('self/status', statusText(0n)), flags: ['--option', 'TCP_CONGESTION=bbr'], command: "sysctl -w net.ipv4.tcp_allowed_congestion_control='reno cubic bbr'" },
  { rule: 'slow-start-after-idle', severity: 'warning', when: 'connections idle under cubic', plant: set('net.ipv4.tcp_slow_start_after_idle', 1), command: 'sysctl -w net.ipv4.tcp_slow_start_after_idle=0' },
  { rule: 'timestamps-off', severity: 'warning', when: 'they are off', plant: set('net.ipv4.tcp_timestamps', 0), command: 'sysctl -w net.ipv4.tcp_timestamps=1' },
  { rule: 'selective-acks-off', severity: 'warning', when: 'D-SACK is off', plant: set('net.ipv4.tcp_dsack', 0), command: 'sysctl -w net.ipv4.tcp_dsack=1' },
  { rule: 'quick-ack-once', severity: 'warning', when: 'it is set as an option', flags: ['--no-quickack', '--option', 'TCP_QUICKACK=on'], command: '--quickack' },
  { rule: 'nagle-on', severity: 'info', when: 'TCP_NODELAY is off', flags: ['--no-nodelay'], command: '--nodelay' },
  { rule: 'defer-accept', severity: 'info', when: 'it is set', flags: ['--option', 'TCP_DEFER_ACCEPT=5'] },
  { rule: 'option-refused', severity: 'error', when: 'idle time is over nine hours', flags: ['--option', 'TCP_KEEPIDLE=32768'], command: '--option TCP_KEEPIDLE=32767' },
  { rule: 'option-refused', severity: 'error', when: 'there are no probes', flags: ['--option', 'TCP_KEEPCNT=0'], command: '--option TCP_KEEPCNT=1' },
  { rule: 'option-refused', severity: 'error', when: 'the user timeout is negative', flags: ['--option', 'TCP_USER_TIMEOUT=-1'], command: '--option TCP_USER_TIMEOUT=0' },
  { rule: 'keepalive-beyond-conntrack', severity: 'warning', when: 'a cure on the kernel side is wanted', plant: set('net.netfilter.nf_conntrack_tcp_timeout_established', 119), command: 'sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=255' },
  { rule: 'user-timeout-disagrees', severity: 'warning', when: 'it is much shorter than keep-alive', flags: ['--option', 'TCP_USER_TIMEOUT=1000'], command: '--option TCP_USER_TIMEOUT=255000' },
  { rule: 'user-timeout-disagrees', severity: 'warning', when: 'it is much longer than keep-alive', flags: ['--option', 'TCP_USER_TIMEOUT=900000'] },
  { rule: 'conntrack-table-filling', severity: 'warning', when: 'over 80 % is used', plant: set('net.netfilter.nf_conntrack_count', 209_716), command: 'sysctl -w net.netfilter.nf_conntrack_max=524288' },
  { rule: 'keepalive-off', severity: 'info', when: 'it is off', flags: ['--option', 'SO_KEEPALIVE=off'] },
  { rule: 'keepalive-beyond-nat', severity: 'info', when: 'the recipe’s 1800 s are used', flags: ['--keepalive-idle', '1800'], command: '--keepalive-idle 200' },
  { rule: 'linger-blocks', severity: 'error', when: 'it is written as a pair', flags: ['--option', 'SO_LINGER=1,2'] },
  { rule: 'linger-resets', severity: 'warning', when: 'the time is 0', flags: ['--option', 'SO_LINGER=0'] },
  { rule: 'time-wait-filling', severity: 'warning', when: 'over 80 % is used', plant: (m) => m.file('net/sockstat', sockstatText({ tw: 104_858 })), command: 'sysctl -w net.ipv4.tcp_max_tw_buckets=262144' },
  { rule: 'time-wait-overflowed', severity: 'warning', when: 'it happened since boot', plant: (m) => m.file('net/netstat', netstatText({ TCPTimeWaitOverflow: 1 })) },
  { rule: 'orphans-filling', severity: 'warning', when: 'over half is used', plant: (m) => m.file('net/sockstat', sockstatText({ orphan: 65_537 })), command: 'sysctl -w net.ipv4.tcp_max_orphans=262144' },
  { rule: 'time-wait-reuse', severity: 'info', when: 'it is 1', plant: set('net.ipv4.tcp_tw_reuse', 1) },
  { rule: 'syn-ack-retries', severity: 'info', when: 'it is 5', plant: set('net.ipv4.tcp_synack_retries', 5), command: 'sysctl -w net.ipv4.tcp_synack_retries=2' },
  { rule: 'syn-retries', severity: 'info', when: 'it is 6', plant: set('net.ipv4.tcp_syn_retries', 6) },
  { rule: 'data-retries', severity: 'info', when: 'no user timeout is set', plant: set('net.ipv4.tcp_retries2', 15), flags: ['--option', 'TCP_USER_TIMEOUT=0'] },
  { rule: 'orphan-retries', severity: 'info', when: 'it is 0', plant: set('net.ipv4.tcp_orphan_retries', 0) },
  { rule: 'fin-timeout', severity: 'info', when: 'it is 60', plant: set('net.ipv4.tcp_fin_timeout', 60) },
  { rule: 'time-wait-assassination', severity: 'info', when: 'RFC 1337 is off', plant: set('net.ipv4.tcp_rfc1337', 0) },
  { rule: 'unsent-data-unlimited', severity: 'info', when: 'there is no limit', plant: set('net.ipv4.tcp_notsent_lowat', 4_294_967_295) },
  { rule: 'autocorking', severity: 'info', when: 'it is on', plant: set('net.ipv4.tcp_autocorking', 1) },
  { rule: 'mtu-probing', severity: 'info', when: 'it is off', plant: set('net.ipv4.tcp_mtu_probing', 0) },
  { rule: 'delayed-ack-threshold', severity: 'info', when: 'quick ACK is on' },
  { rule: 'bbr-without-fq', severity: 'info', when: 'bbr is the default', plant: (m) => m.sysctl('net.ipv4.tcp_congestion_control', 'bbr').sysctl('net.core.default_qdisc', 'pfifo_fast'), command: 'sysctl -w net.core.default_qdisc=fq' },
];

/** The rules that need settings which flags cannot express: test/cli/server-settings.test.ts provokes them. */
const FROM_JSON_ONLY = ['keepalive-stock-timers'];

describe('each rule', () => {
  for (const { rule, severity, when, plant, flags = [], here, command } of CASES) {
    test(`${rule} speaks when ${when}`, async () => {
      plant?.(machine);
      const { findings } = await examined(['--root', machine.root, ...SOUND, ...flags], here);
      const finding = findings.find((candidate) => candidate.rule === rule);
      assert.ok(finding, `not found among ${findings.map((other) => other.rule).join(', ')}`);
      assert.equal(finding.severity, severity);
      assert.match(finding.found, /^\S.*\.$/);
      assert.match(finding.why, /^\S.*\.$/);
      const commands = finding.fixes.map((fix) => fix.command);
      assert.ok(command === undefined || commands.includes(command), commands.join(' | '));
    });
  }

  test('is provoked by a case of this table', () => {
    const provoked = new Set([...CASES.map(({ rule }) => rule), ...FROM_JSON_ONLY]);
    assert.deepEqual(
      RULES.map(({ name }) => name).filter((name) => !provoked.has(name)),
      [],
    );
  });

  test('has a name of its own and a row in docs/doctor.md', () => {
    const names = RULES.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    const page = readFileSync('docs/doctor.md', 'utf8');
    const documented = [...page.matchAll(/^\| `([a-z][a-z0-9-]+)` \|/gm)].map((row) => row[1]);
    assert.deepEqual(documented.toSorted(), names.toSorted());
  });

  test('reads only sysctls that the fake machine has, so that none is healthy by accident', () => {
    assert.deepEqual([...SYSCTL_NAMES].toSorted(), FAKE_SYSCTL_NAMES.toSorted());
  });
});

describe('a rule stays silent', () => {
  // biome-ignore format: a table is read by rows
  const silent: readonly { title: string; rule: string; flags: string[]; plant?: Case['plant'] }[] =
    [
      { title: 'a backlog of exactly somaxconn', rule: 'backlog-capped', flags: ['--backlog', '4096'] },
      { title: 'the port after the range', rule: 'port-is-ephemeral', flags: ['--port', '61000'] },
      { title: 'a reserved port', rule: 'port-is-ephemeral', flags: ['--port', '40000'], plant: set('net.ipv4.ip_local_reserved_ports', '39999-40001') },
      { title: 'a low port with the capability', rule: 'privileged-port', flags: ['--port', '80'] },
      { title: 'port 0', rule: 'privileged-port', flags: ['--port', '0'], plant: (m) => m.file('self/status', statusText(0n)) },
      { title: 'a forbidden congestion control with CAP_NET_ADMIN', rule: 'congestion-control-not-allowed', flags: ['--option', 'TCP_CONGESTION=bbr'] },
      { title: 'slow start after idle under bbr', rule: 'slow-start-after-idle', flags: ['--option', 'TCP_CONGESTION=bbr'], plant: set('net.ipv4.tcp_slow_start_after_idle', 1) },
      { title: 'slow start after idle in mode once', rule: 'slow-start-after-idle', flags: ['--mode', 'once'], plant: set('net.ipv4.tcp_slow_start_after_idle', 1) },
      { title: 'an IPv6 address spelt out', rule: 'address-not-local', flags: ['--host', '0:0:0:0:0:0:0:1'] },
      { title: 'a foreign address with IP_FREEBIND', rule: 'address-not-local', flags: ['--host', '192.0.2.1', '--option', 'IP_FREEBIND=on'] },
      { title: 'unlimited descriptors', rule: 'too-few-descriptors', flags: ['--max-connections', '2000000'], plant: (m) => m.file('self/limits', limitsText('unlimited')) },
      { title: 'keep-alive off behind connection tracking', rule: 'keepalive-beyond-conntrack', flags: ['--option', 'SO_KEEPALIVE=off'], plant: set('net.netfilter.nf_conntrack_tcp_timeout_established', 10) },
      { title: 'a TCP setting of a unix socket', rule: 'fast-open-off', flags: ['--path', '/tmp/x.sock', '--option', 'TCP_FASTOPEN=5'], plant: set('net.ipv4.tcp_fastopen', 1) },
    ];

  for (const { title, rule, flags, plant } of silent) {
    test(`about ${title}`, async () => {
      plant?.(machine);
      const { findings } = await examined(['--root', machine.root, ...SOUND, ...flags]);
      assert.ok(!findings.some((finding) => finding.rule === rule));
    });
  }
});
