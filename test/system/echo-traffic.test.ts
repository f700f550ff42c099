import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, dial, inParallel, readAll } from './client.js';
import { EchoProcess, needsNative } from './echo-process.js';

const MIB = 1024 * 1024;
/** How much goes through one connection to a slow reader; 1024 is the whole gigabyte. */
const STREAM_MIB = Number(process.env.HAWSER_STREAM_MIB ?? 256);
/** How many times a client connects, is served and leaves. */
const CYCLES = Number(process.env.HAWSER_CYCLES ?? 10_000);

/** What the server counted in its life, from its last JSON line. */
async function finalCounts(echo: EchoProcess) {
  await echo.stop();
  const stopped = echo.rawLines.map((line) => JSON.parse(line)).find((e) => e.event === 'stopped');
  const closedBy: Record<string, number> = stopped.closedBy;
  const causes = Object.values(closedBy).reduce((sum, count) => sum + count, 0);
  return { ...stopped, causes };
}

describe('hawser echo under traffic', { skip: needsNative }, () => {
  test('in mode once answers the first chunk of a large message, then EOF and never a reset', async (t) => {
    const echo = await EchoProcess.start(t);
    const message = randomBytes(MIB);
    for (let round = 0; round < 50; round++) {
      const { data, error } = await ask(echo.port, message);
      assert.equal(error, null);
      assert.ok(data.length > 0);
      assert.ok(data.equals(message.subarray(0, data.length)));
      const line = new RegExp(`^sent: ${data.length} bytes`);
      assert.ok((await echo.linesMatching(line, 1)).length > 0, 'the chunk came back whole');
    }
  });

  test(`in mode stream returns ${STREAM_MIB} MiB to a slow reader unharmed, within 100 MiB of memory`, async (t) => {
    const echo = await EchoProcess.start(t, {
      args: ['--mode', 'stream', '--log-level', 'silent'],
    });
    const client = await dial(echo.port);
    const sent = createHash('sha256');
    const received = createHash('sha256');
    let count = 0;
    client.on('data', (chunk) => {
      count += chunk.length;
      received.update(chunk);
      if (count % (8 * MIB) >= chunk.length) return;
      client.pause();
      setTimeout(() => client.resume(), 25);
    });
    const block = randomBytes(MIB);
    for (let at = 0; at < STREAM_MIB; at++) {
      block.writeUInt32LE(at);
      const chunk = Buffer.from(block);
      sent.update(chunk);
      if (!client.write(chunk)) await once(client, 'drain');
    }
    client.end();
    await once(client, 'end');
    assert.equal(count, STREAM_MIB * MIB);
    assert.equal(received.digest('hex'), sent.digest('hex'));
    const peak = echo.peakMemoryMiB;
    t.diagnostic(`peak memory ${peak.toFixed(1)} MiB`);
    assert.ok(peak < 100, `peak memory was ${peak} MiB`);
    client.destroy();
  });

  test(`serves ${CYCLES} clients that come, are answered and leave, and leaks no descriptor`, async (t) => {
    const args = ['--log-format', 'json'];
    const echo = await EchoProcess.start(t, { args });
    await ask(echo.port, 'x');
    const before = echo.descriptorCount;
    await inParallel(CYCLES, 50, async (index) => {
      const { data, error } = await ask(echo.port, `message ${index}`);
      assert.deepEqual([String(data), error], [`message ${index}`, null]);
    });
    while (echo.descriptorCount > before) await sleep(20);
    const counts = await finalCounts(echo);
    assert.equal(counts.accepted, CYCLES + 1);
    assert.equal(counts.closed, CYCLES + 1);
    assert.equal(counts.causes, CYCLES + 1);
    assert.equal(counts.bytesRead, counts.bytesWritten);
  });

  test('survives 2,000 connections at once, with resets, half-opens and garbage among them', async (t) => {
    const args = ['--mode', 'stream', '--backlog', '4096', '--log-format', 'json'];
    const echo = await EchoProcess.start(t, { args });
    await ask(echo.port, 'x', true);
    const before = echo.descriptorCount;
    const clients = await Promise.all(Array.from({ length: 2000 }, () => dial(echo.port)));
    const garbage = randomBytes(3000);
    const ways = [
      // Speaks, and leaves in order.
      async (index: number) => {
        const answer = readAll(clients[index]!);
        clients[index]!.end(`message ${index}`);
        const { data, error } = await answer;
        assert.deepEqual([String(data), error], [`message ${index}`, null]);
      },
      // Resets without a word.
      async (index: number) => void clients[index]!.resetAndDestroy(),
      // Sends garbage and resets without reading the answer.
      async (index: number) => {
        const client = clients[index]!;
        await new Promise((resolve) => client.write(garbage, resolve));
        client.resetAndDestroy();
      },
      // Closes its half and waits for the other.
      async (index: number) => {
        const answer = readAll(clients[index]!);
        clients[index]!.end();
        const { data, error } = await answer;
        assert.deepEqual([data.length, error], [0, null]);
      },
      // Never says anything, until everybody else has gone.
      async () => {},
    ];
    for (const client of clients) client.on('error', () => {});
    await Promise.all(clients.map((_, index) => ways[index % ways.length]!(index)));
    assert.equal(String((await ask(echo.port, 'still well?', true)).data), 'still well?');
    for (const client of clients) client.destroy();
    while (echo.descriptorCount > before) await sleep(20);
    const counts = await finalCounts(echo);
    assert.equal(counts.accepted, 2002);
    assert.equal(counts.refused, 0);
    assert.equal(counts.closed, 2002);
    assert.equal(counts.causes, 2002);
    assert.ok(counts.closedBy['peer-reset'] >= 400, JSON.stringify(counts.closedBy));
    assert.equal(counts.callbackErrors, 0);
  });

  test('with no descriptor left waits without spinning, and serves everyone in the end', async (t) => {
    const wrapper = ['prlimit', '--nofile=64:64'];
    const echo = await EchoProcess.start(t, { wrapper, args: ['--backlog', '200'] });
    const clients = await Promise.all(Array.from({ length: 200 }, () => dial(echo.port)));
    await echo.line(/^accept EMFILE.*ulimit -n/);
    const [cpuMs, at] = [echo.cpuMs, performance.now()];
    await sleep(2000);
    const load = (echo.cpuMs - cpuMs) / (performance.now() - at);
    t.diagnostic(`CPU while full ${(load * 100).toFixed(1)} %`);
    assert.ok(load < 0.1, `CPU was ${load * 100} % while full`);
    assert.equal(echo.lines.filter((line) => line.includes('EMFILE')).length, 1, 'said once');
    const answers = await Promise.all(
      clients.map(async (client) => {
        const answer = readAll(client);
        client.end('Hello World!');
        return answer;
      }),
    );
    assert.deepEqual(
      answers.filter(({ data, error }) => String(data) !== 'Hello World!' || error !== null),
      [],
    );
    await echo.linesMatching(/^closed/, 200);
    assert.deepEqual(await echo.stop(), { code: 0, signal: null });
  });
});
