import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ask, readAll } from './client.js';
import { EchoProcess, needsNative } from './echo-process.js';

const shell = async (command: string): Promise<string> =>
  (await promisify(execFile)('sh', ['-c', command])).stdout;

/** The recipe's lines about one connection that sends `Hello World!`, up to numbers that vary. */
const EXCHANGE = [
  /^connected from 127\.0\.0\.1:\d+$/,
  /^reuse_address: true$/,
  /^reuse_port: true$/,
  /^recv_buf_size: [1-9]\d*$/,
  /^send_buf_size: [1-9]\d*$/,
  /^TCP Nodelay: true$/,
  /^TCP Quick ACK: true$/,
  /^TCP Keep-Alive idle time \(seconds\): 1800$/,
  /^TCP Keep-Alive retries: 9$/,
  /^TCP Keep-Alive interval time \(seconds\): 15$/,
  /^TCP Keep-Alive: true$/,
  /^recv: 12 bytes "Hello World!"$/,
  /^sent: 12 bytes "Hello World!"$/,
  /^closed: 127\.0\.0\.1:\d+, 12 bytes in, 12 bytes out, \d+\.\d ms$/,
];

describe('hawser echo, as the recipe has it', { skip: needsNative }, () => {
  test('answers netcat, with a backlog of 100 and the lines of the recipe in its order', async (t) => {
    const echo = await EchoProcess.start(t);
    const { port } = echo;
    assert.equal(await shell(`printf 'Hello World!' | nc -N 127.0.0.1 ${port}`), 'Hello World!');
    const sockets = execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' });
    assert.match(sockets, new RegExp(`^LISTEN\\s+0\\s+100\\s+127\\.0\\.0\\.1:${port}\\s`));
    await echo.line(/^closed/);
    const [serving, ...exchange] = echo.lines;
    assert.equal(serving, `Serving on 127.0.0.1:${port}`);
    assert.equal(exchange.length, EXCHANGE.length);
    for (const [index, expected] of EXCHANGE.entries()) assert.match(exchange[index]!, expected);
    assert.deepEqual(await echo.stop(), { code: 0, signal: null });
    const prefix = new RegExp(`^\\[MainThread \\(${echo.pid}\\)\\] `);
    assert.deepEqual(
      echo.rawLines.filter((line) => !prefix.test(line)),
      [],
    );
  });

  test('reads back what the flags and the kernel made of each option', async (t) => {
    const flags =
      '--no-reuse-port --no-nodelay --no-quickack --no-keepalive --recv-buffer 65536 --send-buffer 50000 --option TCP_USER_TIMEOUT=30000';
    const echo = await EchoProcess.start(t, {
      args: [...flags.split(' '), '--log-level', 'debug'],
    });
    await ask(echo.port, 'x');
    await echo.line(/^closed/);
    const said = (pattern: RegExp) => echo.lines.filter((line) => pattern.test(line));
    assert.deepEqual(said(/^(reuse|recv_|send_|TCP (Nod|K))/), [
      'reuse_address: true',
      'reuse_port: false',
      'recv_buf_size: 131072',
      'send_buf_size: 100000',
      'TCP Nodelay: false',
      'TCP Keep-Alive: false',
    ]);
    assert.deepEqual(said(/TCP_USER_TIMEOUT/), [
      `127.0.0.1:${echo.port} TCP_USER_TIMEOUT: asked 30000, got 30000`,
    ]);
    assert.match(said(/SO_SNDBUF/)[0] ?? '', /asked 50000, got 100000: doubled by the kernel/);
  });

  test('escapes what it received and counts what it does not show', async (t) => {
    const echo = await EchoProcess.start(t, { args: ['--mode', 'stream'] });
    await ask(echo.port, Buffer.from('a"\\\t\r\n\0\x7f\xff', 'latin1'), true);
    assert.equal(await echo.line(/^recv:/), String.raw`recv: 9 bytes "a\"\\\t\r\n\x00\x7f\xff"`);
    await ask(echo.port, 'y'.repeat(1000), true);
    assert.equal(
      await echo.line(/^sent: 1000/),
      `sent: 1000 bytes "${'y'.repeat(64)}" and 936 more`,
    );
  });

  test('says why a connection broke', async (t) => {
    const echo = await EchoProcess.start(t, { args: ['--mode', 'stream'] });
    const client = connect(echo.port, '127.0.0.1');
    client.on('error', () => {});
    client.write('x');
    await echo.line(/^sent/);
    client.resetAndDestroy();
    assert.match(
      await echo.line(/^closed/),
      /^closed: 127\.0\.0\.1:\d+, 1 byte in, 1 byte out, \d+\.\d ms, error: read ECONNRESET$/,
    );
  });

  test('says the same as JSON, with the facts as fields', async (t) => {
    const echo = await EchoProcess.start(t, { args: ['--log-format', 'json'] });
    await ask(echo.port, 'Hello World!');
    await echo.line(/"event":"closed"/);
    await echo.stop();
    const events = echo.rawLines.map((line) => JSON.parse(line));
    for (const [index, expected] of EXCHANGE.entries()) {
      assert.match(events[index + 1].message, expected);
    }
    const byEvent = (name: string) => events.find(({ event }) => event === name);
    assert.deepEqual(byEvent('serving').addresses, [`127.0.0.1:${echo.port}`]);
    assert.equal(byEvent('serving').threadId, echo.pid);
    const { bytes, data, omittedBytes } = byEvent('received');
    assert.deepEqual(
      { bytes, data, omittedBytes },
      { bytes: 12, data: 'Hello World!', omittedBytes: 0 },
    );
    const { bytesIn, bytesOut, error } = byEvent('closed');
    assert.deepEqual({ bytesIn, bytesOut, error }, { bytesIn: 12, bytesOut: 12, error: null });
    const options = events.filter(({ event }) => event === 'option');
    assert.equal(options.find(({ name }) => name === 'TCP_KEEPIDLE').value, 1800);
    assert.equal(byEvent('stopped').accepted, 1);
  });

  test('serves a unix socket, and leaves no file behind', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'echo.sock');
    const echo = await EchoProcess.start(t, { args: ['--path', path] });
    assert.ok(echo.lines.includes(`Serving on ${path}`));
    const client = connect({ path });
    client.write('hi');
    assert.equal(String((await readAll(client)).data), 'hi');
    await echo.line(/^closed: a unix socket, 2 bytes in, 2 bytes out/);
    await echo.stop();
    assert.throws(() => execFileSync('ls', [path], { stdio: 'ignore' }));
  });

  test('warns when another process shares the port', async (t) => {
    const first = await EchoProcess.start(t);
    const second = await EchoProcess.start(t, { args: ['--port', String(first.port)] });
    await second.line(/^Serving on/);
    assert.match(
      second.lines.join('\n'),
      new RegExp(
        `^port ${first.port} is shared: 1 other listener takes part of the connections`,
        'm',
      ),
    );
    assert.ok(!first.lines.some((line) => line.includes('shared')));
  });
});

describe('hawser echo without the native engine', () => {
  const env = { HAWSER_NATIVE: 'off' };

  test('says why in one line and serves on the node engine', async (t) => {
    const echo = await EchoProcess.start(t, { env });
    const { data } = await ask(echo.port, 'Hello World!');
    assert.equal(String(data), 'Hello World!');
    await echo.line(/^closed: .*12 bytes in, 12 bytes out/);
    const notes = echo.lines.filter((line) => line.includes('native engine is not available'));
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /HAWSER_NATIVE=off; serving on the node engine/);
    assert.match(notes[0]!, /without .*TCP_QUICKACK/);
    assert.ok(echo.lines.includes(`Serving on 127.0.0.1:${echo.port}`));
  });

  test('takes a flag that the engine cannot honour for an error', async (t) => {
    await assert.rejects(
      EchoProcess.start(t, { env, args: ['--quickack'] }),
      /TCP_QUICKACK = true: the node engine cannot do that/,
    );
  });
});
