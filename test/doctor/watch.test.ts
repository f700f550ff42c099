import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { runDoctor } from '#hawser/cli/doctor';
import { growth } from '#hawser/doctor/growth';
import { doctor, NATIVE, SOUND } from './doctor-run.js';
import { FakeMachine, netstatText } from './fake-proc.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

/** Runs `--watch 0.1` and lets `change` happen between the two readings. */
async function watched(change: () => void, flags: string[] = []): Promise<string> {
  const out = new PassThrough();
  const err = new PassThrough();
  err.once('data', change);
  const printed = text(out);
  const args = ['--root', machine.root, ...SOUND, '--watch', '0.1', ...flags];
  await runDoctor(args, out, err, NATIVE);
  out.end();
  return printed;
}

describe('--watch', () => {
  test('says which counters grew, by how much and what it means', async () => {
    machine.file('net/netstat', netstatText({ ListenOverflows: 5, ListenDrops: 5 }));
    const out = await watched(() => {
      machine.file('net/netstat', netstatText({ ListenOverflows: 12, ListenDrops: 5 }));
    });
    assert.match(
      out,
      /In 0\.1 s these counters grew:\nTcpExt\.ListenOverflows {2}\+7 {2}accept queue full/,
    );
    assert.ok(!out.includes('TcpExt.ListenDrops'));
  });

  test('says so when nothing grew', async () => {
    assert.match(await watched(() => {}), /In 0\.1 s nothing grew/);
  });

  test('says so when the counters vanish meanwhile', async () => {
    const out = await watched(() => {
      machine.without('net');
    });
    assert.match(out, /Counters cannot be watched: \/proc\/net\/netstat: not visible here\./);
  });

  test('is part of the JSON', async () => {
    const { out } = await doctor(['--root', machine.root, ...SOUND, '--watch', '0.1', '--json']);
    const report = JSON.parse(out) as { watch: unknown };
    assert.deepEqual(report.watch, { seconds: 0.1, grew: [] });
  });
});

describe('growth', () => {
  test('is ordered by how bad it is, whatever the order of the files', () => {
    const before = new Map([
      ['Tcp.RetransSegs', 0],
      ['TcpExt.ListenOverflows', 0],
      ['Tcp.PassiveOpens', 0],
    ]);
    const after = new Map([
      ['Tcp.PassiveOpens', 50],
      ['Tcp.RetransSegs', 4],
      ['TcpExt.ListenOverflows', 1],
    ]);
    const rows = growth(before, after, 2).map(({ name, by, perSecond }) => [name, by, perSecond]);
    assert.deepEqual(rows, [
      ['TcpExt.ListenOverflows', 1, 0.5],
      ['Tcp.RetransSegs', 4, 2],
      ['Tcp.PassiveOpens', 50, 25],
    ]);
  });

  test('leaves out a counter that went down or that one reading lacks', () => {
    const before = new Map([['Tcp.RetransSegs', 9]]);
    const after = new Map([
      ['Tcp.RetransSegs', 1],
      ['Tcp.OutRsts', 3],
    ]);
    assert.deepEqual(growth(before, after, 1), []);
  });
});
