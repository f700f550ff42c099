import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { explainEngine } from 'hawser';

/** The command line as it is installed. */
export const HAWSER = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** Why a test of what only the native engine does is skipped here; false where it is not. */
export const needsNative = explainEngine().name === 'native' ? false : explainEngine().reason;

/** Clock ticks a second of /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS = 100;

export interface EchoSetup {
  /** Flags; `--port 0` unless they name a port or a path. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where descriptor 2 goes; a pipe that is read into `lines` unless said otherwise. */
  readonly stderr?: number;
  /** A command that runs node in its place: `prlimit --nofile=64:64`. */
  readonly wrapper?: readonly string[];
}

/** `hawser echo` as a process of its own. */
export class EchoProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has logged so far, without the prefix of each line. */
  readonly lines: string[] = [];
  readonly rawLines: string[] = [];
  /** Where it listens; 0 until it is known. */
  port = 0;
  /** Resolves when it has ended and all it said is in `lines`. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  private readonly wanting: (() => void)[] = [];

  private constructor(child: ChildProcess) {
    this.child = child;
    this.pid = child.pid ?? 0;
    this.ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      this.rawLines.push(...parts);
      this.lines.push(...parts.map((line) => line.replace(/^\[MainThread \(\d+\)\] /, '')));
      for (const look of this.wanting.splice(0)) look();
    });
  }

  /** Starts it and waits until it listens. It is killed when the test ends. */
  static async start(t: TestContext, setup: EchoSetup = {}): Promise<EchoProcess> {
    const { args = [], env = {}, stderr, wrapper = [] } = setup;
    const place = args.includes('--port') || args.includes('--path') ? [] : ['--port', '0'];
    const [command = process.execPath, ...rest] = [...wrapper, process.execPath, HAWSER, 'echo'];
    const stdio: StdioOptions = ['ignore', 'inherit', stderr ?? 'pipe'];
    const child = spawn(command, [...rest, ...place, ...args], {
      env: { ...process.env, ...env },
      stdio,
    });
    const echo = new EchoProcess(child);
    t.after(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await echo.ended;
    });
    if (args.includes('--path')) await echo.line(/^Serving on/);
    else echo.port = await echo.listeningPort();
    return echo;
  }

  /** Resolves to the first line, past or to come, that matches. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await this.moreLines(pattern);
    }
  }

  /** Resolves when that many lines match. */
  async linesMatching(pattern: RegExp, count: number): Promise<string[]> {
    for (;;) {
      const found = this.lines.filter((line) => pattern.test(line));
      if (found.length >= count) return found;
      await this.moreLines(pattern);
    }
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM') {
    this.child.kill(signal);
    return this.ended;
  }

  /** Descriptors that are open now. */
  get descriptorCount(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** The most memory it has had in RAM, MiB. */
  get peakMemoryMiB(): number {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))!;
    return Number(kib) / 1024;
  }

  /** CPU time of all threads so far, ms. */
  get cpuMs(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
  }

  /** From the kernel, since a quiet server does not say. */
  private async listeningPort(): Promise<number> {
    while (this.child.exitCode === null && this.child.signalCode === null) {
      const sockets = execFileSync('ss', ['-Hltnp'], { encoding: 'utf8' });
      const own = sockets.split('\n').find((row) => row.includes(`pid=${this.pid},`));
      const port = own?.match(/:(\d+)\s/)?.[1];
      if (port !== undefined) return Number(port);
      await sleep(20);
    }
    await this.ended;
    throw new Error(`hawser echo ended without listening: ${this.rawLines.join('\n')}`);
  }

  private async moreLines(pattern: RegExp): Promise<void> {
    const more = new Promise<'more'>((resolve) => this.wanting.push(() => resolve('more')));
    if ((await Promise.race([more, this.ended])) === 'more') return;
    throw new Error(`no line matches ${pattern}:\n${this.rawLines.join('\n')}`);
  }
}
