import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { type CommandResult, hawser } from './command.js';

/** Takes from root what ports below 1024 need. */
const unprivileged =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-net_bind_service'] : [];

/** Why no port is privileged here; false where some are. */
function cannotBeUnprivileged(): string | false {
  const limit = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  return limit > 80 ? false : `ports from ${limit} on are for everybody here`;
}

/** What cannot work, by exit code: the one line that is said, after `hawser echo: `. */
const FAILURES: readonly [args: string, code: 1 | 2, line: RegExp][] = [
  ['--prot 1', 2, /^unknown flag --prot: did you mean --port\?$/],
  ['--port 65536', 2, /^--port must be a whole number from 0 to 65535, not "65536"$/],
  [
    '--option TCP_KEEPIDLE=99999',
    2,
    /^TCP_KEEPIDLE = 99999: out of range; it takes .* from 1 to 32767$/,
  ],
  ['--option SO_ACCEPTCONN=on', 2, /^SO_ACCEPTCONN = true: it can only be read/],
  ['--path /tmp/x --quickack', 2, /^--quickack is for TCP, and --path is a unix socket/],
  ['--option TCP_CONGESTION=nosuch', 1, /^TCP_CONGESTION = "nosuch": .* `sysctl .*available.*`/],
  [
    '--host 192.0.2.1',
    1,
    /EADDRNOTAVAIL 192\.0\.2\.1:8888: this machine has no address 192\.0\.2\.1; .*--host/,
  ],
  ['--host nosuch.invalid', 1, /nosuch\.invalid.*: .* with --host$/],
  [
    '--path /no/such/folder/sock',
    1,
    /ENOENT .*: its folder does not exist; make it or choose another with --path$/,
  ],
  ['--path /etc/passwd', 1, /EADDRINUSE .*: a server answers there, or it is not a socket/],
];

describe('hawser echo that cannot start', () => {
  for (const [args, code, line] of FAILURES) {
    test(`says why in one line: ${args}`, () => {
      const result = hawser(['echo', ...args.split(' ')]);
      assert.equal(result.code, code, result.err);
      assert.equal(result.out, '');
      assert.match(complaint(result), line);
    });
  }

  test('names the port that is taken and the command that shows by whom', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const result = hawser(['echo', '--port', String(port)]);
    holder.close();
    assert.equal(result.code, 1);
    assert.match(
      complaint(result),
      new RegExp(`EADDRINUSE 127.0.0.1:${port}: the port is taken; .*ss -ltnp`),
    );
  });

  test('names the privilege that a low port needs', { skip: cannotBeUnprivileged() }, () => {
    const result = hawser(['echo', '--port', '80'], unprivileged);
    assert.equal(result.code, 1);
    assert.match(
      complaint(result),
      /EACCES 127\.0\.0\.1:80: .* CAP_NET_BIND_SERVICE; choose a higher one with --port$/,
    );
  });

  test('names the cure when the native engine is asked for and not there', () => {
    const result = hawser(['echo', '--engine', 'native'], ['env', 'HAWSER_NATIVE=off']);
    assert.equal(result.code, 1);
    assert.match(complaint(result), /native engine is not available: .*HAWSER_NATIVE=off/);
  });
});

describe('hawser echo --explain', () => {
  test('prints which call is made when, and starts nothing', () => {
    const { code, out, err } = hawser(['echo', '--explain', '--option', 'SO_PRIORITY=3']);
    assert.deepEqual([code, err], [0, '']);
    assert.deepEqual(out.split('\n'), [
      '127.0.0.1:8888, backlog 100',
      'on the listener, before bind:',
      '  SO_REUSEADDR = true',
      '  SO_REUSEPORT = true',
      'on the listener, before listen; connections inherit what they can:',
      '  TCP_NODELAY = true',
      '  SO_KEEPALIVE = true',
      '  TCP_KEEPIDLE = 1800',
      '  TCP_KEEPCNT = 9',
      '  TCP_KEEPINTVL = 15',
      'on every connection:',
      '  SO_PRIORITY = 3',
      '  TCP_QUICKACK = true, set again after what is not answered in its turn',
      'setsockopt calls per connection: 1 and those for quickAck',
      '',
    ]);
  });
});

/** The one line on stderr, without the name of the program. */
function complaint({ out, err }: CommandResult): string {
  assert.equal(out, '');
  const [said = '', ...more] = err.split('\n');
  assert.deepEqual(more, [''], `one line: ${err}`);
  assert.equal(said.slice(0, 13), 'hawser echo: ');
  return said.slice(13);
}
