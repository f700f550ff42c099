import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const HAWSER = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `hawser` to its end; `wrapper` is a command that runs it in its place. */
export function hawser(args: readonly string[], wrapper: readonly string[] = []): CommandResult {
  const [command = '', ...rest] = [...wrapper, process.execPath, HAWSER, ...args];
  const { status, stdout, stderr } = spawnSync(command, rest, {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return { code: status, out: stdout, err: stderr };
}
