import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { explainEngine } from 'hawser';
import { ChildProgram } from './child-program.js';
import { without } from './commands.js';
import { rawClient } from './echo.js';

const withoutAddon = explainEngine().name === 'native' ? false : explainEngine().reason;

const DESCRIPTORS = 64;
const CLIENTS = 200;
const FULL_MS = 1000;

/** CPU time of a process so far, ms (proc(5): fields 14 and 15 of stat, in hundredths of a second). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

interface Counters {
  errors: string[];
  active: number;
  accepted: number;
  acceptErrors: number;
}

describe('a server whose descriptors run out', {
  timeout: 60_000,
  skip: withoutAddon || without('prlimit'),
}, () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  /** A server with 64 descriptors in all that says its counters whenever it gets SIGUSR2. */
  async function poorServer() {
    const program = new ChildProgram(
      `const errors = [];
       const server = await hawser.createServer(echo, {
         host: '127.0.0.1', engine: 'native', onError: (error) => errors.push(error.code),
       });
       process.on('SIGUSR2', () => {
         const { active, accepted, acceptErrors } = server.stats();
         say({ errors, active, accepted, acceptErrors });
       });
       say(server.addresses[0].port);`,
      [],
      ['prlimit', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`, process.execPath],
    );
    cleanups.push(() => program.end());
    const port = (await program.hears()) as number;
    const counters = async () => {
      process.kill(program.pid, 'SIGUSR2');
      return (await program.hears()) as Counters;
    };
    return { program, port, counters };
  }

  /** Clients that connect, say hello and stay; `served` are those that got it back, in order. */
  async function crowd(port: number, count: number) {
    const served: Socket[] = [];
    const clients = await Promise.all(
      Array.from({ length: count }, () => rawClient({ host: '127.0.0.1', port })),
    );
    for (const client of clients) {
      client.once('data', () => served.push(client));
      client.write('hello');
      cleanups.push(() => client.destroy());
    }
    return served;
  }

  it('rests instead of spinning, tells it once, and keeps its connections', async () => {
    const { program, port, counters } = await poorServer();
    const served = await crowd(port, CLIENTS);
    while ((await counters()).acceptErrors === 0) await sleep(10);

    const before = cpuMs(program.pid);
    await sleep(FULL_MS);
    const usedMs = cpuMs(program.pid) - before;
    assert.ok(usedMs < FULL_MS / 10, `${usedMs} ms of CPU in ${FULL_MS} ms`);

    const { errors, active, accepted, acceptErrors } = await counters();
    assert.deepEqual(errors, ['EMFILE']);
    assert.ok(active > DESCRIPTORS / 4 && active < DESCRIPTORS, `${active} connections`);
    assert.deepEqual([accepted, served.length], [active, active]);
    const tries = FULL_MS / 100;
    assert.ok(
      acceptErrors > tries / 3 && acceptErrors < tries * 3,
      `${acceptErrors} accept errors`,
    );

    const [first] = served as [Socket];
    first.write('still there?');
    assert.equal(String((await once(first, 'data'))[0]), 'still there?');
  });

  it('serves every client once others leave', async () => {
    const { port, counters } = await poorServer();
    const served = await crowd(port, CLIENTS);
    for (let gone = 0; gone < CLIENTS; gone++) {
      while (served.length <= gone) await sleep(5);
      served[gone]!.end();
    }
    assert.equal(served.length, CLIENTS);
    while ((await counters()).active > 0) await sleep(5);
    assert.equal((await counters()).accepted, CLIENTS);
  });
});
