import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Where a program of a test imports hawser from: the same build as the test. */
const hawser = import.meta.resolve('hawser');

/** What a program printed and how it ended. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs an ESM program that has `hawser` and `hawserUrl` in scope; it is ended with SIGTERM after `limitMs`. */
export async function runProgram(source: string, limitMs = 30_000): Promise<Outcome> {
  const url = JSON.stringify(hawser);
  const code = `import * as hawser from ${url};\nconst hawserUrl = ${url};\n${source}`;
  const args = ['--expose-gc', '--input-type=module', '--eval', code];
  const child = spawn(process.execPath, args, {
    timeout: limitMs,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const [exit, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { stdout, stderr, code: exit, signal };
}
