import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { readFacts } from '#hawser/doctor/reading';
import { SYSCTL_NAMES } from '#hawser/doctor/sysctl-names';
import { doctor, examined, SOUND } from './doctor-run.js';
import { FakeMachine } from './fake-proc.js';

const SOMAXCONN = 'net.core.somaxconn';
const ENGINE = { name: 'native', reason: 'the native engine was loaded' } as const;

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

/** Runs the doctor with a backlog that a healthy machine would be told off for. */
function examine(): ReturnType<typeof examined> {
  return examined(['--root', machine.root, ...SOUND, '--backlog', '5000']);
}

/** access(2) asks for the real user, so this takes a process of another one. */
function printedByNobody(script: string): SpawnSyncReturns<string> {
  const as = process.geteuid!() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const args = ['--input-type=module', '-e', script, machine?.root ?? ''];
  return spawnSync(process.execPath, args, { ...as, cwd: '/', encoding: 'utf8' });
}

const trial = printedByNobody(`await import('${import.meta.resolve('#hawser/doctor/proc-tree')}')`);
const cannotStepDown =
  trial.status === 0 ? false : `an ordinary user cannot read this checkout: ${trial.stderr}`;

describe('wrong data under /proc', () => {
  const garbage: readonly [string, string | Buffer, RegExp][] = [
    ['a word', 'banana', /expected a whole number, found "banana"/],
    ['nothing', '', /expected a whole number, found ""/],
    ['two numbers', '1 2', /expected a whole number/],
    ['a fraction', '4096.5', /expected a whole number/],
    ['a number of 40 digits', '9'.repeat(40), /expected a whole number/],
    ['bytes that are not text', Buffer.from([0, 255, 254, 10, 27]), /expected a whole number/],
    ['a megabyte and more', 'x'.repeat(2 << 20), /larger than 1 MiB/],
  ];

  for (const [what, content, reason] of garbage) {
    test(`${what} where a number belongs: the rule is silent and the report says why`, async () => {
      writeFileSync(machine.sysctlPath(SOMAXCONN), content);
      const { findings, notExamined, code } = await examine();
      assert.equal(code, 0);
      assert.ok(!findings.some(({ rule }) => rule === 'backlog-capped'));
      assert.match(notExamined.find(({ name }) => name === SOMAXCONN)?.reason ?? '', reason);
    });
  }

  test('control characters of a garbled file never reach the terminal', async () => {
    writeFileSync(machine.sysctlPath(SOMAXCONN), '\u001b[2Jboo');
    const { out } = await doctor(['--root', machine.root, ...SOUND]);
    assert.match(out, /found "\\u001b\[2Jboo"/);
    assert.ok(!out.includes('\u001b'));
  });

  test('the largest number of 64 bits is a number', async () => {
    machine.sysctl(SOMAXCONN, '18446744073709551615');
    const { findings, notExamined } = await examine();
    assert.ok(!findings.some(({ rule }) => rule === 'backlog-capped'));
    assert.deepEqual(notExamined, []);
  });

  test('a directory in place of a file is said', async () => {
    rmSync(machine.sysctlPath(SOMAXCONN));
    mkdirSync(machine.sysctlPath(SOMAXCONN));
    const { notExamined } = await examine();
    assert.deepEqual(notExamined, [{ name: SOMAXCONN, reason: 'not a file' }]);
  });

  test('a pipe in place of a file does not block', async () => {
    rmSync(machine.sysctlPath(SOMAXCONN));
    execFileSync('mkfifo', [machine.sysctlPath(SOMAXCONN)]);
    const { notExamined } = await examine();
    assert.deepEqual(notExamined, [{ name: SOMAXCONN, reason: 'not a file' }]);
  });

  test('a missing file is not visible here, as in a network namespace', async () => {
    machine.without('sys/net/core/somaxconn');
    const { out } = await doctor(['--root', machine.root, ...SOUND]);
    assert.match(out, /Not examined, not visible here: net\.core\.somaxconn\./);
  });

  test('without any /proc the settings alone are judged, and an error among them still counts', async () => {
    machine.without('.');
    const args = ['--root', machine.root, ...SOUND, '--option', 'SO_LINGER=5'];
    const { findings, notExamined, code } = await examined(args);
    assert.equal(code, 1);
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ['linger-blocks'],
    );
    assert.ok(notExamined.length > 20);
    assert.deepEqual([...new Set(notExamined.map(({ reason }) => reason))].toSorted(), [
      '/proc/net/netstat: not visible here',
      'not visible here',
    ]);
  });

  test('every file full of noise: no rule speaks about the machine, none throws', () => {
    for (const name of SYSCTL_NAMES) machine.sysctl(name, '\u0000\u0001 ~~ -- 0x1f');
    for (const file of ['net/netstat', 'net/snmp', 'net/sockstat', 'net/softnet_stat']) {
      machine.file(file, 'TcpExt: a b c\nTcpExt: 1\n\n\n::::');
    }
    machine.file('self/limits', 'Max open files many more').file('self/status', 'CapEff:\tzz');
    const facts = readFacts({ root: machine.root, platform: 'linux', engine: ENGINE });
    for (const reading of [facts.counters, facts.socketUse, facts.openFiles, facts.capabilities]) {
      assert.equal(reading.ok, false);
    }
  });

  test('noise everywhere leaves a report, with exit code 0', async () => {
    for (const name of SYSCTL_NAMES) machine.sysctl(name, '~');
    const { findings, code } = await examine();
    assert.equal(code, 0);
    assert.deepEqual(findings, []);
  });

  test('a file that may not be read is said to be denied', () => {
    chmodSync(machine.sysctlPath(SOMAXCONN), 0);
    const facts = asNobody(() =>
      readFacts({ root: machine.root, platform: 'linux', engine: ENGINE }),
    );
    const reading = facts.sysctls.get(SOMAXCONN);
    assert.deepEqual(reading?.text, { ok: false, reason: 'permission denied' });
  });
});

/** Root may read everything, so the root user steps down for the time of a call. */
function asNobody<T>(call: () => T): T {
  chmodSync(machine.root, 0o755);
  if (process.geteuid!() !== 0) return call();
  process.seteuid!(65_534);
  try {
    return call();
  } finally {
    process.seteuid!(0);
  }
}

describe('a cure that cannot be applied from here', () => {
  test('a read-only sysctl is to be changed on the host', async () => {
    chmodSync(machine.sysctlPath(SOMAXCONN), 0o444);
    const { findings } = await examine();
    const fix = findings.find(({ rule }) => rule === 'backlog-capped')?.fixes[0];
    assert.equal(fix?.command, 'sysctl -w net.core.somaxconn=5000');
    assert.match(fix.note ?? '', /read-only .* change it on the host; then restart/);
  });

  test('a sysctl of root is to be changed as root', { skip: cannotStepDown }, () => {
    chmodSync(machine.root, 0o755);
    // Only the group may write: neither the owner nor, when that is root, nobody.
    chmodSync(machine.sysctlPath(SOMAXCONN), 0o464);
    const access = printedByNobody(`
      const { ProcTree } = await import('${import.meta.resolve('#hawser/doctor/proc-tree')}');
      console.log(new ProcTree(process.argv[1]).sysctl('${SOMAXCONN}').access);
    `);
    assert.equal(access.stdout.trim(), 'needs-root', access.stderr);
  });
});

describe('another platform', () => {
  test('the kernel is examined on Linux only; the settings still are', async () => {
    const { out, code } = await doctor(
      ['--root', machine.root, ...SOUND, '--option', 'SO_LINGER=5'],
      { platform: 'darwin' },
    );
    assert.equal(code, 1);
    assert.match(out, /on Linux only/);
    assert.match(out, /ERROR linger-blocks/);
    assert.match(out, /Not examined, Linux only: /);
  });
});
