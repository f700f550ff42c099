import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '#hawser/cli/arguments';
import { ECHO_DEFAULTS, type EchoSettings, echoHelp, parseEchoFlags } from '#hawser/cli/flags';

function parsed(...args: string[]): EchoSettings {
  const request = parseEchoFlags(args);
  assert.ok(request !== 'help');
  return request.settings;
}

describe('the flags of hawser echo', () => {
  test('without any are the recipe’s settings', () => {
    assert.deepEqual(parsed(), ECHO_DEFAULTS);
    assert.deepEqual(parsed().keepalive, { idle: 1800, count: 9, interval: 15 });
  });

  test('set what they are named after', () => {
    const args =
      '--host ::1 --port 0 --backlog 5 --no-reuse-address --no-reuse-port --no-nodelay --no-quickack --keepalive-idle 60 --keepalive-count 3 --keepalive-interval 10 --recv-buffer 65536 --send-buffer=32768 --mode stream --engine node --max-connections 9 --drain-timeout 2.5 --log-level silent --log-format json --explain';
    assert.deepEqual(parsed(...args.split(' ')), {
      host: '::1',
      port: 0,
      path: null,
      backlog: 5,
      reuseAddress: false,
      reusePort: false,
      nodelay: false,
      quickack: false,
      keepalive: { idle: 60, count: 3, interval: 10 },
      recvBuffer: 65536,
      sendBuffer: 32768,
      options: [],
      mode: 'stream',
      engine: 'node',
      maxConnections: 9,
      drainTimeoutMs: 2500,
      logLevel: 'silent',
      logFormat: 'json',
      explain: true,
    });
    assert.equal(parsed('--no-keepalive').keepalive, null);
    assert.equal(parsed('--path', '/run/x.sock').path, '/run/x.sock');
  });

  test('the last of two counts, so that a script’s defaults can be overridden', () => {
    assert.equal(parsed('--port', '1', '--port', '2').port, 2);
    assert.equal(parsed('--no-nodelay', '--nodelay').nodelay, true);
  });

  test('--option takes any option, in the shape that set() takes', () => {
    const texts = [
      'TCP_USER_TIMEOUT=30000',
      'TCP_CORK=on',
      'SO_OOBINLINE=0',
      'TCP_CONGESTION=bbr',
      'SO_LINGER=5',
      'SO_LINGER=0,5',
      'SO_LINGER=off',
      'SO_RCVTIMEO=1.5',
      'IP_LOCAL_PORT_RANGE=10000-20000',
      'TCP_FASTOPEN_KEY=000102030405060708090a0b0c0d0e0f',
    ];
    const { options } = parsed(...texts.flatMap((text) => ['--option', text]));
    assert.deepEqual(options, [
      { name: 'TCP_USER_TIMEOUT', value: 30000 },
      { name: 'TCP_CORK', value: true },
      { name: 'SO_OOBINLINE', value: false },
      { name: 'TCP_CONGESTION', value: 'bbr' },
      { name: 'SO_LINGER', value: { onoff: true, seconds: 5 } },
      { name: 'SO_LINGER', value: { onoff: false, seconds: 5 } },
      { name: 'SO_LINGER', value: { onoff: false, seconds: 0 } },
      { name: 'SO_RCVTIMEO', value: { seconds: 1, microseconds: 500_000 } },
      { name: 'IP_LOCAL_PORT_RANGE', value: { low: 10_000, high: 20_000 } },
      { name: 'TCP_FASTOPEN_KEY', value: Buffer.from(Array.from({ length: 16 }, (_, at) => at)) },
    ]);
  });

  const wrong: readonly [string, string][] = [
    ['--prot 1', 'unknown flag --prot: did you mean --port?'],
    ['--no-nodely', 'unknown flag --no-nodely: did you mean --no-nodelay?'],
    ['--frobnicate', 'unknown flag --frobnicate: see --help'],
    ['-p 1', 'unknown flag -p: see --help'],
    ['--port', '--port needs a value: --port PORT'],
    ['--port --backlog 5', '--port needs a value: --port PORT'],
    ['--port=', '--port needs a value: --port PORT'],
    ['--port 65536', '--port must be a whole number from 0 to 65535, not "65536"'],
    ['--port 0x50', '--port must be a whole number from 0 to 65535, not "0x50"'],
    ['--port -1', '--port must be a whole number from 0 to 65535, not "-1"'],
    ['--nodelay=yes', '--nodelay takes no value, but got "yes"'],
    ['--mode twice', '--mode must be one of once, stream, not "twice"'],
    [
      '--keepalive-count 128',
      '--keepalive-count must be a whole number of probes from 1 to 127, not "128"',
    ],
    [
      '--no-keepalive --keepalive-idle 5',
      '--no-keepalive and --keepalive-idle contradict each other: give one of them',
    ],
    ['--path /x --port 5', '--path and --port contradict each other: give one of them'],
    ['8888', 'unexpected argument "8888": flags begin with --, see --help'],
  ];
  for (const [line, message] of wrong) {
    test(`${line}: ${message}`, () => {
      assert.throws(() => parseEchoFlags(line.split(' ')), new UsageError(message));
    });
  }

  const wrongOptions: readonly [string, RegExp][] = [
    ['TCP_NODELAY', /must be NAME=VALUE/],
    ['=1', /must be NAME=VALUE/],
    ['TCP_CORK=', /must be NAME=VALUE/],
    ['tcp_cork=1', /no socket option tcp_cork: did you mean TCP_CORK\?/],
    ['SO_MAGIC=1', /no socket option SO_MAGIC: `hawser options` lists them/],
    ['TCP_CORK=maybe', /TCP_CORK must be on or off, not "maybe"/],
    ['TCP_USER_TIMEOUT=30s', /TCP_USER_TIMEOUT must be a whole number, not "30s"/],
    ['SO_LINGER=soon', /SO_LINGER must be off, SECONDS or ONOFF,SECONDS, not "soon"/],
    ['SO_RCVTIMEO=-1', /SO_RCVTIMEO must be seconds/],
    ['IP_LOCAL_PORT_RANGE=1', /IP_LOCAL_PORT_RANGE must be LOW-HIGH/],
    ['TCP_FASTOPEN_KEY=xyz', /TCP_FASTOPEN_KEY must be bytes in hexadecimal/],
  ];
  for (const [text, message] of wrongOptions) {
    test(`--option ${text} is refused with what would be right`, () => {
      assert.throws(() => parseEchoFlags(['--option', text]), { name: 'UsageError', message });
    });
  }

  test('--help prints every flag within 80 columns', () => {
    assert.equal(parseEchoFlags(['--port', '1', '-h']), 'help');
    const help = echoHelp();
    assert.deepEqual(
      help.split('\n').filter((line) => line.length > 80),
      [],
    );
    for (const flag of ['--[no-]reuse-port', '--no-keepalive', '--drain-timeout', '--explain']) {
      assert.ok(help.includes(flag), flag);
    }
  });
});
