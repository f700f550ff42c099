import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { ask, inParallel } from './client.js';
import { EchoProcess } from './echo-process.js';

/** Enough that their log in JSON does not fit in what hawser queues, 4 MiB, and in a pipe. */
const MANY = 1500;

interface LogEvent {
  readonly event: string;
  readonly lines?: number;
  readonly accepted?: number;
}

/** Throws when a line was cut in two. */
function parseEvent(line: string): LogEvent {
  return JSON.parse(line);
}

async function exchange(echo: EchoProcess, count: number): Promise<void> {
  await inParallel(count, 20, async () => {
    const { data, error } = await ask(echo.port, 'Hello World!');
    assert.deepEqual([String(data), error], ['Hello World!', null]);
  });
}

/** A pipe with both ends open here: whoever gets `fd` as descriptor 2 fills it until we read. */
class UnreadPipe {
  readonly fd: number;
  private readonly reader: number;

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
    const path = join(folder, 'stderr');
    execFileSync('mkfifo', [path]);
    this.reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.fd = openSync(path, 'w');
    t.after(() => {
      closeSync(this.reader);
      closeSync(this.fd);
      rmSync(folder, { recursive: true });
    });
  }

  /** Reads what is there. */
  drain(): string {
    const chunk = Buffer.alloc(1 << 20);
    let text = '';
    for (;;) {
      try {
        text += chunk.toString('utf8', 0, readSync(this.reader, chunk));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
        return text;
      }
    }
  }
}

describe('hawser echo with a stderr that takes nothing', () => {
  test('serves on, and says afterwards how many lines were lost', async (t) => {
    const pipe = new UnreadPipe(t);
    const echo = await EchoProcess.start(t, { stderr: pipe.fd, args: ['--log-format', 'json'] });
    await exchange(echo, MANY);
    let text = '';
    while (!text.includes('"log-lost"')) {
      text += pipe.drain();
      await exchange(echo, 1);
    }
    // More may still be queued than a pipe holds, so it is read while the server stops.
    const reading = setInterval(() => {
      text += pipe.drain();
    }, 5);
    await echo.stop();
    clearInterval(reading);
    text += pipe.drain();
    const events = text.split('\n').slice(0, -1).map(parseEvent);
    const isLoss = ({ event }: LogEvent) => event === 'log-lost';
    const lost = events.filter(isLoss).reduce((sum, { lines = 0 }) => sum + lines, 0);
    const written = events.filter((event) => !isLoss(event)).length;
    const { event, accepted = 0 } = events.at(-1)!;
    assert.equal(event, 'stopped');
    assert.ok(lost > 0);
    // Serving, stopping and stopped, and 14 of each connection.
    assert.equal(written + lost, 3 + 14 * accepted);
  });

  test('ends when told to', async (t) => {
    const pipe = new UnreadPipe(t);
    const echo = await EchoProcess.start(t, { stderr: pipe.fd });
    await exchange(echo, MANY / 4);
    const stopping = performance.now();
    assert.deepEqual(await echo.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - stopping < 3000);
  });

  test('serves on when its reader has gone', async (t) => {
    const echo = await EchoProcess.start(t);
    echo.child.stderr!.destroy();
    await exchange(echo, 100);
    assert.deepEqual(await echo.stop(), { code: 0, signal: null });
  });

  test('serves on when the disk is full', async (t) => {
    const full = openSync('/dev/full', 'w');
    t.after(() => closeSync(full));
    const echo = await EchoProcess.start(t, { stderr: full });
    await exchange(echo, 100);
    assert.deepEqual(await echo.stop(), { code: 0, signal: null });
  });

  test('serves on when it was started with stderr closed', async (t) => {
    const wrapper = ['sh', '-c', 'exec "$@" 2>&-', 'sh'];
    const echo = await EchoProcess.start(t, { wrapper });
    await exchange(echo, 100);
    assert.deepEqual(await echo.stop(), { code: 0, signal: null });
  });
});
