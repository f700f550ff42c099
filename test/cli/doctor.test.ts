import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { runDoctor } from '#hawser/cli/doctor';
import { paintFor } from '#hawser/cli/doctor-report';
import { doctor, SOUND } from '../doctor/doctor-run.js';
import { FakeMachine } from '../doctor/fake-proc.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

/** Flags that provoke long lines. */
const MANY_FAULTS =
  '--backlog 70000 --port 40000 --recv-buffer 8000000 --option TCP_FASTOPEN=16 --option SO_LINGER=5 --option TCP_CONGESTION=vegas --max-connections 30000 --keepalive-idle 30000 --option TCP_USER_TIMEOUT=1000 --host 192.0.2.1 --no-nodelay --all --bandwidth 10000 --rtt 400'.split(
    ' ',
  );

describe('hawser doctor', () => {
  test('fits a terminal of 80 columns', async () => {
    machine.sysctl('net.ipv4.tcp_fastopen', 1).without('sys/net/netfilter');
    machine.sysctl('net.netfilter.nf_conntrack_tcp_timeout_established', 100);
    const { out } = await doctor(['--root', machine.root, ...MANY_FAULTS]);
    const long = out.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(long, []);
    assert.ok(out.split('\n').length > 60);
  });

  test('shows a finding with what, why, the command and how to keep it', async () => {
    const { out } = await doctor(['--root', machine.root, ...SOUND, '--backlog', '5000']);
    const lines = out.split('\n');
    const start = lines.indexOf('WARNING backlog-capped');
    assert.deepEqual(lines.slice(start, start + 8), [
      'WARNING backlog-capped',
      '  backlog is 5000, but net.core.somaxconn is 4096.',
      '  Why:  listen(2) silently uses 4096; in a burst further clients are dropped and',
      '        wait a second or more for their retry.',
      '  Fix:  sysctl -w net.core.somaxconn=5000',
      '  Keep: echo net.core.somaxconn=5000 >>/etc/sysctl.d/90-hawser.conf',
      '        (then restart: listen() fixes the limit)',
      '  Or:   --backlog 4096',
    ]);
  });

  test('hides notes on stock kernel values unless --all, and counts them', async () => {
    machine.sysctl('net.ipv4.tcp_retries2', 15).sysctl('net.ipv4.tcp_rfc1337', 0);
    const args = ['--root', machine.root, ...SOUND];
    const { out } = await doctor(args);
    assert.match(out, /0 errors, 0 warnings, 0 info\. 2 notes on stock kernel values: --all/);
    assert.ok(!out.includes('time-wait-assassination'));
    const all = await doctor([...args, '--all']);
    assert.ok(all.out.includes('INFO time-wait-assassination'));
  });

  test('says which engine would serve, and why', async () => {
    const missing = await doctor(['--root', machine.root, ...SOUND], {
      probeEngine: () => ({ name: 'node', reason: 'no binary is built' }),
    });
    assert.match(missing.out, /^Engine: node \(no binary is built\)$/m);
    assert.match(missing.out, /WARNING native-engine-missing/);
    const chosen = await doctor(['--root', machine.root, ...SOUND, '--engine', 'node']);
    assert.match(chosen.out, /^Engine: node, as asked$/m);
  });

  test('without a replaced machine it asks the real one', async () => {
    const out = new PassThrough();
    const printed = text(out);
    const code = await runDoctor(['--json'], out, new PassThrough());
    out.end();
    const report = JSON.parse(await printed) as { platform: string; engine: { name: string } };
    assert.equal(report.platform, process.platform);
    assert.match(report.engine.name, /^(native|node)$/);
    assert.ok(code === 0 || code === 1);
  });

  test('--help fits 80 columns and names every flag of a server', async () => {
    const { code, out } = await doctor(['--help']);
    assert.equal(code, 0);
    assert.deepEqual(
      out.split('\n').filter((line) => line.length > 80),
      [],
    );
    for (const flag of ['--backlog', '--option', '--watch', '--json', '--settings']) {
      assert.ok(out.includes(flag), flag);
    }
  });

  const wrong: readonly [string[], RegExp][] = [
    [['--backlog', 'many'], /--backlog must be a whole number of connections from 0/],
    [['--watch', '0'], /--watch must be a number of seconds from 0\.1 to 86400, not "0"/],
    [['--bandwidth', '100'], /--bandwidth and --rtt describe a link together/],
    [['--workers', '0'], /--workers must be a whole number from 1/],
    [['--settings', 'a.json', '--port', '1'], /--port and settings from a\.json contradict/],
    [['--settings', 'a.json', '--json', 'b.json'], /from one file, not from a\.json and b\.json/],
    [['--wach', '1'], /unknown flag --wach: did you mean --watch\?/],
    [['now'], /unexpected argument "now"/],
  ];
  for (const [args, message] of wrong) {
    test(`${args.join(' ')} is a usage error: one line, exit code 2`, async () => {
      const { code, out, err } = await doctor(args);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err, message);
      assert.equal(err.split('\n').length, 2);
    });
  }
});

describe('colour', () => {
  test('is for terminals, and never against NO_COLOR', () => {
    const plain = 'ERROR';
    const painted = '\u001b[31;1mERROR\u001b[0m';
    assert.equal(paintFor({ isTTY: true }, {})('error', plain), painted);
    assert.equal(paintFor({ isTTY: true }, { NO_COLOR: '' })('error', plain), painted);
    assert.equal(paintFor({ isTTY: true }, { NO_COLOR: '1' })('error', plain), plain);
    assert.equal(paintFor({ isTTY: true }, { TERM: 'dumb' })('error', plain), plain);
    assert.equal(paintFor({}, {})('error', plain), plain);
  });
});
