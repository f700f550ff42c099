import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { descriptors } from './faults.mjs';

/** How long the server may take to be quiet after the last client left, ms: longer than it lingers. */
const QUIET_WITHIN_MS = 10_000;

/** The server under test, seen from outside. */
export class ServerProcess {
  engine;
  port;
  #child;
  #isStopped = false;

  /** Ends this process when the server's dies. */
  static async start(engine) {
    const server = new ServerProcess();
    const program = fileURLToPath(new URL('server.mjs', import.meta.url));
    server.#child = fork(program, [engine], { execArgv: ['--expose-gc'] });
    server.#child.once('exit', (code, signal) => {
      if (server.#isStopped) return;
      console.error(`soak: FAILED: the server died with ${signal ?? `code ${code}`}`);
      process.exit(1);
    });
    const [started] = await once(server.#child, 'message');
    server.engine = started.engine;
    server.port = started.port;
    return server;
  }

  get pid() {
    return this.#child.pid;
  }

  /** `report`: what server.mjs says about itself. `open`: how many connections it has. */
  async ask(question) {
    this.#child.send(question);
    const [answer] = await once(this.#child, 'message');
    return answer;
  }

  /** Waits until `open` connections and `descriptorCount` descriptors are left; returns the descriptors there are. */
  async quiet(open, descriptorCount) {
    const deadline = Date.now() + QUIET_WITHIN_MS;
    for (;;) {
      const left = descriptors(this.pid).length;
      const isQuiet = (await this.ask('open')) === open && left === descriptorCount;
      if (isQuiet || Date.now() > deadline) return left;
      await sleep(50);
    }
  }

  /** CPU time used so far, s (proc(5): fields 14 and 15 of stat, in hundredths). */
  get cpuSeconds() {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  stop() {
    this.#isStopped = true;
    this.#child.disconnect();
  }
}
