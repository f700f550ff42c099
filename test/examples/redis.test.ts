import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchange, output, serveExample, without } from './program.js';

const cli = (port: number) => ['-h', '127.0.0.1', '-p', String(port)];

test('redis-cli stores and finds values in the Redis example', {
  skip: without('redis-cli'),
}, async (t) => {
  const { port } = await serveExample(t, 'redis');
  const ask = async (...command: string[]) =>
    (await output('redis-cli', [...cli(port), ...command])).trimEnd();
  assert.equal(await ask('PING'), 'PONG');
  assert.equal(await ask('set', 'greeting', 'grüß dich\r\n'), 'OK');
  assert.equal(await ask('get', 'greeting'), 'grüß dich');
  assert.equal(await ask('--no-raw', 'GET', 'nothing'), '(nil)');
  assert.equal(await ask('DBSIZE'), '1');
  assert.equal(await ask('DEL', 'greeting', 'nothing'), '1');
  assert.equal(await ask('GET'), "ERR wrong number of arguments for 'get' command");
  assert.equal(await ask('FLY', 'me'), 'ERR unknown command "FLY"');
});

test('bytes of any value come back from the Redis example', {
  skip: without('redis-cli'),
}, async (t) => {
  const { port } = await serveExample(t, 'redis');
  const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');
  const set = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$256\r\n${value}\r\n`;
  await exchange(port, Buffer.from(set, 'latin1'));
  const shown = await output('redis-cli', [...cli(port), '--no-raw', 'GET', 'k']);
  assert.ok(shown.startsWith('"\\x00\\x01\\x02'), shown);
  assert.ok(shown.endsWith('\\xfd\\xfe\\xff"\n'), shown);
});

test('redis-benchmark measures the Redis example as if it were Redis', {
  skip: without('redis-benchmark'),
}, async (t) => {
  const { port } = await serveExample(t, 'redis');
  const load = ['-t', 'set,get', '-P', '16', '-c', '50', '-n', '20000', '--csv'];
  const table = await output('redis-benchmark', [...cli(port), ...load]);
  const rates = [...table.matchAll(/^"(SET|GET)","([\d.]+)"/gm)];
  assert.deepEqual(
    rates.map(([, name]) => name),
    ['SET', 'GET'],
  );
  assert.ok(rates.every(([, , rate]) => Number(rate) > 0));
});

test('what is not RESP ends its connection and not the Redis example', async (t) => {
  const { port } = await serveExample(t, 'redis');
  assert.equal(await exchange(port, 'GET / HTTP/1.1\r\n\r\n'), '');
  assert.equal(await exchange(port, ':1\r\n'), '-ERR a command is an array of strings\r\n');
  assert.equal(await exchange(port, '*1\r\n$4\r\nPING\r\n'), '+PONG\r\n');
});
