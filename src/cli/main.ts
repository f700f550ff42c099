#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { closest } from './arguments.js';

type Output = NodeJS.WritableStream & { isTTY?: boolean };
type Run = (args: string[], out: Output, err: Output) => Promise<number>;

/** Loaded one by one: a server need not hold the doctor in memory. */
const COMMANDS: Readonly<Record<string, { purpose: string; load: () => Promise<Run> }>> = {
  echo: {
    purpose: 'an echo server with every socket option as a flag',
    load: async () => (await import('./echo.js')).runEcho,
  },
  options: {
    purpose: 'the socket options: what they are, their values here',
    load: async () => (await import('./options.js')).runOptions,
  },
  doctor: {
    purpose: "what this machine's kernel will do with a server's settings",
    load: async () => (await import('./doctor.js')).runDoctor,
  },
};

/**
 * The `hawser` command.
 *
 * @param argv the arguments after the program's name
 * @returns the exit code: 0, 1 when something failed, 2 for a command line that makes no sense
 */
export async function main(argv: string[]): Promise<number> {
  const { stdout, stderr } = process;
  // `hawser options | head` closes stdout early, which is no failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const [name = 'help', ...rest] = argv;
  if (name === '--version' || name === '-V') {
    stdout.write(`${version()}\n`);
    return 0;
  }
  if (name === 'help' || name === '--help' || name === '-h') {
    const [topic] = rest;
    if (topic !== undefined && topic !== 'help') return main([topic, '--help']);
    stdout.write(help());
    return 0;
  }
  const command = COMMANDS[name];
  if (command === undefined) {
    const near = closest(name, Object.keys(COMMANDS));
    const hint = near === null ? '`hawser help` lists them' : `did you mean ${near}?`;
    stderr.write(`hawser: unknown command ${name}: ${hint}\n`);
    return 2;
  }
  const run = await command.load();
  return run(rest, stdout, stderr);
}

function help(): string {
  const rows = Object.entries(COMMANDS).map(
    ([name, { purpose }]) => `  hawser ${name.padEnd(14)}${purpose}`,
  );
  return `Usage: hawser COMMAND [flags]

${rows.join('\n')}
  hawser help COMMAND  the flags of a command, as COMMAND --help prints them
  hawser --version     ${version()}
`;
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Whether this file is the program, and not a module of another one. */
function isProgram(): boolean {
  const [, program] = process.argv;
  return program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url);
}

if (isProgram()) process.exitCode = await main(process.argv.slice(2));
