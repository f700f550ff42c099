import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LogSink } from '#hawser/cli/log-sink';

const KIB = 1024;
const lossLine = (count: number) => `lost ${count}\n`;
const line = (index: number) => `${`line ${index} `.padEnd(KIB - 1, '.')}\n`;

let folder: string;
let opened: number[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-'));
  opened = [];
});
afterEach(() => {
  for (const fd of opened) closeSync(fd);
  rmSync(folder, { recursive: true });
});

function open(path: string, flags: number | string): number {
  const fd = openSync(path, flags);
  opened.push(fd);
  return fd;
}

/** Both ends of a pipe, non-blocking. */
function pipe(): { reader: number; writer: number } {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: open(path, constants.O_WRONLY | constants.O_NONBLOCK) };
}

function readSome(fd: number): string {
  const chunk = Buffer.alloc(64 * KIB);
  try {
    return chunk.toString('utf8', 0, readSync(fd, chunk));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
    return '';
  }
}

describe('a log sink', () => {
  test('writes lines in order', async () => {
    const path = join(folder, 'log');
    const sink = new LogSink(open(path, 'w'), lossLine);
    for (let index = 0; index < 1000; index++) sink.write(line(index));
    await sink.flush(1000);
    sink.write('after a flush\n');
    await sink.flush(1000);
    const expected = Array.from({ length: 1000 }, (_, index) => line(index)).join('');
    assert.equal(readFileSync(path, 'utf8'), `${expected}after a flush\n`);
  });

  test('keeps what fits while nobody reads, and says afterwards how much did not', async () => {
    const { reader, writer } = pipe();
    const sink = new LogSink(writer, lossLine);
    const count = 10_000;
    for (let index = 0; index < count; index++) sink.write(line(index));
    const flushed = sink.flush(5000);
    let isFlushed = false;
    void flushed.then(() => {
      isFlushed = true;
    });
    let text = '';
    while (!isFlushed) {
      text += readSome(reader);
      await new Promise(setImmediate);
    }
    text += readSome(reader);
    const lines = text.split('\n').slice(0, -1);
    const lost = Number(/^lost (\d+)$/.exec(lines.at(-1)!)?.[1]);
    assert.equal(lines.length - 1 + lost, count);
    assert.ok(lost > count / 2, `${lost} lost`);
    assert.deepEqual(
      lines.slice(0, -1).map((text) => `${text}\n`),
      Array.from({ length: count - lost }, (_, index) => line(index)),
    );
  });

  test('gives up flushing when nothing is taken', async () => {
    const { writer } = pipe();
    const sink = new LogSink(writer, lossLine);
    for (let index = 0; index < 100; index++) sink.write(line(index));
    await sink.flush(50);
  });

  test('says nothing more to a reader that has gone', async () => {
    const { reader, writer } = pipe();
    const sink = new LogSink(writer, lossLine);
    closeSync(reader);
    opened = opened.filter((fd) => fd !== reader);
    sink.write(line(0));
    await sink.flush(1000);
    sink.write(line(1));
    await sink.flush(1000);
  });

  test('tries again on a disk that is full', async () => {
    const sink = new LogSink(open('/dev/full', 'w'), lossLine);
    for (let index = 0; index < 3; index++) {
      sink.write(line(index));
      await sink.flush(1000);
    }
  });
});
