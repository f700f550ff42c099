import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { runOptions } from '#hawser/cli/options';
import { loadNative } from '#hawser/engine/native/load';
import { socketOptions } from '#hawser/options/catalogue';

const loaded = loadNative();
const noNative = loaded.binding === null ? loaded.reason : false;

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out = new PassThrough();
  const err = new PassThrough();
  const code = await runOptions(args, out, err);
  out.end();
  err.end();
  return { code, out: await text(out), err: await text(err) };
}

function longestLine(output: string): number {
  return Math.max(...output.split('\n').map((line) => line.length));
}

describe('hawser options', () => {
  test('prints every option in a table of at most 80 columns', async () => {
    const { code, out } = await run();
    assert.equal(code, 0);
    assert.ok(longestLine(out) <= 80, `${longestLine(out)}`);
    const missing = socketOptions.filter(({ name }) => !out.includes(`\n${name} `));
    assert.deepEqual(
      missing.map(({ name }) => name),
      [],
    );
  });

  test('prints every option in full within 80 columns', async () => {
    const { out } = await run(...socketOptions.map(({ name }) => name));
    assert.ok(
      longestLine(out) <= 80,
      out.split('\n').find((line) => line.length > 80),
    );
  });

  test('prints one option with its live values', { skip: noNative }, async () => {
    const { code, out } = await run('tcp_keepintvl');
    assert.equal(code, 0);
    assert.match(out, /^TCP_KEEPINTVL {2}option 5 of IPPROTO_TCP \(6\), tcp\(7\)$/m);
    assert.match(out, /^ {2}value {7}a whole number of seconds from 1 to 32767$/m);
    assert.match(out, /fresh listener: \d+\n +accepted socket: \d+\n$/);
  });

  test('reads IPv6 and unix options on sockets of those families', { skip: noNative }, async () => {
    const { out } = await run('SO_PEERCRED', 'SO_PASSCRED');
    assert.match(out, new RegExp(`accepted socket: \\{ pid: ${process.pid}, `));
  });

  test('--search finds by name and by description', async () => {
    const { out } = await run('--search', 'keep-alive');
    assert.match(out, /TCP_KEEPIDLE/);
    assert.doesNotMatch(out, /TCP_CORK/);
  });

  test('--json prints the rows of the catalogue', async () => {
    const { out } = await run('--json');
    const rows = JSON.parse(out) as { name: string; number: number }[];
    assert.deepEqual(
      rows.map(({ name, number }) => [name, number]),
      socketOptions.map(({ name, number }) => [name, number]),
    );
  });

  test('--json with a name adds the live values', { skip: noNative }, async () => {
    const [row] = JSON.parse((await run('SO_ACCEPTCONN', '--json')).out) as { here: object }[];
    assert.deepEqual(row!.here, { listener: 'true', accepted: 'false' });
  });

  test('exits with 2 and names the nearest for an option that there is not', async () => {
    assert.deepEqual(await run('KEEPIDLE'), {
      code: 2,
      out: '',
      err: 'hawser options: there is no option KEEPIDLE: did you mean TCP_KEEPIDLE?\n',
    });
    assert.match((await run('TCP_NODELEY')).err, /did you mean TCP_NODELAY\?/);
    assert.match((await run('--search', 'no such words')).err, /no option mentions/);
    assert.match((await run('--jason')).err, /did you mean --json\?/);
  });
});
