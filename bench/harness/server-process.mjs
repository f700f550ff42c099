// One server under measurement: started, asked about its memory, ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { onServerCore } from './cores.mjs';

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 2_000;

export class ServerProcess {
  #child;
  #lines;
  #errors = '';

  /** Starts it and waits until it listens. @param {string[]} command */
  static async start(command) {
    const server = new ServerProcess(command);
    try {
      server.port = Number(await server.#word('ready'));
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  constructor(command) {
    const [program, ...args] = onServerCore(command);
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-500);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get pid() {
    return this.#child.pid;
  }

  /** Collects garbage; resolves to what is left: bytes, of the heap as the runtime counts it and of the process. */
  async memory() {
    this.#child.kill('SIGUSR2');
    const heap = JSON.parse(await this.#word('gc'));
    const rollup = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'utf8');
    const kilobytes = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)[1]);
    return {
      anonymous: kilobytes('Pss_Anon') * 1024,
      privateDirty: kilobytes('Private_Dirty') * 1024,
      heapUsed: heap.heapUsed ?? null,
    };
  }

  /** Resident set size now, bytes, without a collection. */
  residentBytes() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) * 1024;
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    this.#child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
  }

  /** What follows `key` on the next line that begins with it. */
  async #word(key) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no "${key}" line in ${START_LIMIT_MS} ms`)),
        START_LIMIT_MS,
      );
    });
    try {
      for (;;) {
        const { done, value } = await Promise.race([this.#lines.next(), late]);
        if (done) throw new Error(`the server ended: ${this.#errors.trim() || 'no message'}`);
        if (value.startsWith(`${key} `)) return value.slice(key.length + 1);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
