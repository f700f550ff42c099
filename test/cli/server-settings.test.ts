import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { doctor, examined } from '../doctor/doctor-run.js';
import { FakeMachine } from '../doctor/fake-proc.js';

let machine: FakeMachine;
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-settings-'));
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

/** A file with createServer's options; returns its name. */
function settingsFile(options: unknown): string {
  const file = join(folder, 'server.json');
  writeFileSync(file, typeof options === 'string' ? options : JSON.stringify(options));
  return file;
}

describe('settings from JSON', () => {
  test('are createServer’s options, and cures are given in their words', async () => {
    const file = settingsFile({
      host: '127.0.0.1',
      port: 40_000,
      backlog: 5000,
      reusePort: true,
      connectionOptions: { SO_RCVBUF: 8_000_000, SO_LINGER: { onoff: true, seconds: 3 } },
      listenerOptions: { TCP_CONGESTION: 'vegas' },
    });
    const { findings, code } = await examined(['--root', machine.root, '--settings', file]);
    const cures = new Map(
      findings.map(({ rule, fixes }) => [rule, fixes.map(({ command }) => command)]),
    );
    assert.equal(code, 1);
    assert.deepEqual(cures.get('linger-blocks'), ['leave out SO_LINGER']);
    assert.ok(cures.get('backlog-capped')?.includes('backlog: 4096'));
    assert.deepEqual(cures.get('reuse-port-alone'), ['reusePort: false']);
    for (const rule of [
      'congestion-control-unknown',
      'port-is-ephemeral',
      'receive-buffer-clamped',
    ]) {
      assert.ok(cures.has(rule), rule);
    }
  });

  test('have createServer’s defaults: every interface, TCP_NODELAY, no keep-alive, no reuse-port', async () => {
    const { findings } = await examined(['--root', machine.root, '--settings', settingsFile({})]);
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ['listens-everywhere', 'keepalive-off'],
    );
  });

  test('keep-alive with the kernel’s own timers is worth a note with the sum', async () => {
    const file = settingsFile({ host: '::1', connectionOptions: { SO_KEEPALIVE: true } });
    const { findings } = await examined(['--root', machine.root, '--settings', file]);
    const finding = findings.find(({ rule }) => rule === 'keepalive-stock-timers');
    assert.match(finding?.why ?? '', /7200 \+ 9 × 75 = 7875 s/);
  });

  test('every option that would be refused is found at once, an unknown name among them', async () => {
    const file = settingsFile({
      host: '::1',
      connectionOptions: { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 0, TCP_NODELY: true, TCP_INFO: 1 },
    });
    const { findings, code } = await examined(['--root', machine.root, '--settings', file]);
    const finding = findings.find(({ rule }) => rule === 'option-refused');
    assert.equal(code, 1);
    for (const name of ['SO_KEEPALIVE', 'TCP_KEEPIDLE', 'TCP_NODELY', 'TCP_INFO']) {
      assert.ok(finding?.found.includes(name), name);
    }
    assert.deepEqual(finding?.fixes[0]?.command, 'connectionOptions: { TCP_KEEPIDLE: 1 }');
  });

  test('an inherited descriptor is not taken for a wildcard', async () => {
    const file = settingsFile({ fd: 3, connectionOptions: { SO_KEEPALIVE: true } });
    const { findings } = await examined(['--root', machine.root, '--settings', file]);
    assert.ok(!findings.some(({ rule }) => rule === 'listens-everywhere'));
  });

  test('may come through standard input, and --json takes them as well', async () => {
    const stdin = (): Readable => Readable.from(['{"backlog": 5', '000}']);
    const text = await doctor(['--root', machine.root, '--settings', '-'], { stdin: stdin() });
    assert.match(text.out, /WARNING backlog-capped/);
    const json = await doctor(['--root', machine.root, '--json', '-'], { stdin: stdin() });
    const { findings } = JSON.parse(json.out) as { findings: { rule: string }[] };
    assert.ok(findings.some(({ rule }) => rule === 'backlog-capped'));
  });

  const wrong: readonly [string, unknown, RegExp][] = [
    ['text that is not JSON', '{backlog: 1}', /is not JSON/],
    ['a list', [], /must hold an object/],
    ['an unknown option', { backlogg: 5 }, /no option "backlogg" \(not backlog\?\)/],
    [
      'a port out of range',
      { port: 70_000 },
      /port must be a whole number from 0 to 65535, not 70000/,
    ],
    ['a string for a switch', { reusePort: 'yes' }, /reusePort must be true or false, not "yes"/],
    ['a host that is no text', { host: [1] }, /host must be a string or a list of strings/],
  ];
  for (const [what, options, message] of wrong) {
    test(`${what} is a usage error that says what would be right`, async () => {
      const file = settingsFile(options);
      const { code, out, err } = await doctor(['--root', machine.root, '--settings', file]);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err, message);
      assert.match(err, /^hawser doctor: .*\n$/);
    });
  }

  test('a file that is not there is a usage error', async () => {
    const { code, err } = await doctor(['--settings', join(folder, 'none.json')]);
    assert.equal(code, 2);
    assert.match(err, /cannot read settings from .*none\.json: ENOENT/);
  });
});
