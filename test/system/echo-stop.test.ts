import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { ask, dial, readAll } from './client.js';
import { EchoProcess } from './echo-process.js';

for (const engine of ['native', 'node'] as const) {
  const env: Record<string, string> = engine === 'node' ? { HAWSER_NATIVE: 'off' } : {};

  describe(`hawser echo on the ${engine} engine, told to stop`, () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      test(`ends with exit code 0 on ${signal}, at once when nobody is connected`, async (t) => {
        const echo = await EchoProcess.start(t, { env });
        await ask(echo.port, 'x');
        await echo.line(/^closed/);
        assert.deepEqual(await echo.stop(signal), { code: 0, signal: null });
        assert.deepEqual(echo.lines.slice(-2), [
          `stopping on ${signal}`,
          'stopped: 0 of 1 connection were left',
        ]);
      });
    }

    test('stops listening, and serves those who are connected until they leave', async (t) => {
      const echo = await EchoProcess.start(t, { env, args: ['--mode', 'stream'] });
      const client = await dial(echo.port);
      const answer = readAll(client);
      await echo.line(/^connected/);
      echo.child.kill('SIGTERM');
      await echo.line(/^stopping on SIGTERM: waiting up to 10 s for 1 connection/);
      const late = await readAll(connect(echo.port, '127.0.0.1'));
      assert.equal(late.error?.code, 'ECONNREFUSED');
      client.end('still there?');
      const { data, error } = await answer;
      assert.deepEqual([String(data), error], ['still there?', null]);
      assert.deepEqual(await echo.ended, { code: 0, signal: null });
      assert.equal(echo.lines.at(-1), 'stopped: 0 of 1 connection were left');
    });

    test('aborts whoever is left after --drain-timeout, and says how many', async (t) => {
      const echo = await EchoProcess.start(t, { env, args: ['--drain-timeout', '0.3'] });
      const clients = await Promise.all([dial(echo.port), dial(echo.port)]);
      const answers = clients.map(readAll);
      await echo.linesMatching(/^connected/, 2);
      const stopping = performance.now();
      assert.deepEqual(await echo.stop(), { code: 0, signal: null });
      const ms = performance.now() - stopping;
      assert.ok(ms >= 250 && ms < 3000, `it took ${ms} ms`);
      assert.equal(echo.lines.at(-1), 'stopped: 2 of 2 connections were left, and aborted');
      for (const answer of answers) assert.equal((await answer).data.length, 0);
    });

    test('aborts at once on a second signal', async (t) => {
      const echo = await EchoProcess.start(t, { env });
      const answer = readAll(await dial(echo.port));
      await echo.line(/^connected/);
      echo.child.kill('SIGINT');
      await echo.line(/^stopping/);
      const second = performance.now();
      assert.deepEqual(await echo.stop('SIGINT'), { code: 0, signal: null });
      const ms = performance.now() - second;
      assert.ok(ms < 3000, `it took ${ms} ms`);
      assert.equal(echo.lines.at(-1), 'stopped: 1 of 1 connection was left, and aborted');
      await answer;
    });

    test('loses no reply that is on its way', async (t) => {
      const echo = await EchoProcess.start(t, { env });
      const client = await dial(echo.port);
      const answer = readAll(client);
      client.pause();
      client.write(Buffer.alloc(1_000_000, 'x'));
      await echo.line(/^closed/);
      echo.child.kill('SIGTERM');
      await echo.line(/^stopped/);
      client.resume();
      const { data, error } = await answer;
      assert.equal(error, null);
      assert.ok(data.length > 0);
      assert.deepEqual(await echo.ended, { code: 0, signal: null });
    });
  });
}
