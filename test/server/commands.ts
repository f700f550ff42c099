import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** `false`, or why a test that needs these commands is skipped. */
export function without(...commands: string[]): string | false {
  const missing = commands.filter((command) => spawnSync('which', [command]).status !== 0);
  return missing.length > 0 && `it needs ${missing.join(', ')}, not installed here`;
}

/** Runs a command with `input` on its standard input; returns what it printed, also on standard error. */
export async function run(command: string, args: string[], input = ''): Promise<string> {
  const child = spawn(command, args, { timeout: 20_000 });
  let printed = '';
  const print = (text: Buffer) => {
    printed += text;
  };
  child.stdout.on('data', print);
  child.stderr.on('data', print);
  child.stdin.end(input);
  await once(child, 'close');
  return printed;
}
