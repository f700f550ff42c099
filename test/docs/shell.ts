import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Step } from './document.js';

const MARK = '\u0001';
/** What a shell or npm may say of itself among the output. */
const notOutput = /^(\[\d+\].*|npm warn .*)\n/gm;
const STEP_LIMIT_MS = 20_000;

/** A shell in which the commands of a document are typed one after the other. */
export class Shell {
  private readonly bash: ChildProcess;
  private readonly changed = new EventEmitter();
  private seen = '';

  constructor(cwd: string) {
    // With the variable a `node --test` typed here would take itself for a part of this run.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    this.bash = spawn('bash', ['--norc', '--noprofile'], { cwd, env, stdio: 'pipe' });
    this.bash.stdout!.setEncoding('utf8').on('data', (part) => {
      this.seen += part;
      this.changed.emit('change');
    });
    // Job control, so that `kill %1` means what it does in a terminal.
    this.type('exec 2>&1; set -m');
  }

  /** Types a command; resolves when it has ended and what was expected is there, and rejects when that is not all. */
  async run({ command, expected }: Step): Promise<void> {
    this.seen = '';
    this.type(command);
    this.type(`printf '${MARK}'`);
    const signal = AbortSignal.timeout(STEP_LIMIT_MS);
    while (!(this.seen.includes(MARK) && matches(this.output, expected))) {
      await once(this.changed, 'change', { signal }).catch(() => {
        throw new Error(`$ ${command}\nexpected:\n${expected}\nseen:\n${this.output}`);
      });
    }
  }

  /** Ends the shell and everything started in it. */
  async end(): Promise<void> {
    const exited = once(this.bash, 'exit');
    this.type('kill -9 $(jobs -p) 2> /dev/null; exit');
    await exited;
  }

  private get output(): string {
    return this.seen.replace(MARK, '').replace(notOutput, '');
  }

  private type(line: string): void {
    this.bash.stdin!.write(`${line}\n`);
  }
}

/**
 * Whether the lines seen are those expected, in any order: a server and its client write at the
 * same time. An ellipsis stands for any text, and as a line of its own for any lines.
 */
function matches(seen: string, expected: string): boolean {
  const lines = linesOf(seen);
  for (const wanted of linesOf(expected).filter((line) => line !== '…')) {
    const pattern = new RegExp(`^${escaped(wanted).replaceAll('…', '.*')}$`);
    const at = lines.findIndex((line) => pattern.test(line));
    if (at === -1) return false;
    lines.splice(at, 1);
  }
  return lines.length === 0 || linesOf(expected).includes('…');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
