import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { explainEngine } from 'hawser';

/** The compiled file of an example. */
export function exampleFile(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
}

/** For the `skip` option of a test: why it cannot run when one of these commands is not installed. */
export function without(...commands: string[]): string | false {
  const missing = commands.filter(
    (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0,
  );
  return missing.length > 0 && `not installed here: ${missing.join(', ')}`;
}

/** For the `skip` option of a test that needs what only the native engine can do. */
export function withoutNativeEngine(): string | false {
  const { name, reason } = explainEngine();
  return name !== 'native' && reason;
}

/** A program that a test started. */
export interface Running {
  readonly child: ChildProcess;
  /** What follows `Serving on `: an address or a path. */
  readonly address: string;
  /** The port in `address`. */
  readonly port: number;
  /** Resolves to everything it wrote on standard output and error, once that matches. */
  whenSaid(pattern: RegExp): Promise<string>;
}

/**
 * Starts a server and waits until it says where it serves; the test's end stops it.
 *
 * @param place what it says, with the address or path as the first group
 */
export async function serve(
  t: TestContext,
  [command, ...args]: [string, ...string[]],
  env: NodeJS.ProcessEnv = {},
  place = /Serving on ([^\s,]+).*\n/,
): Promise<Running> {
  const child = spawn(command, args, {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let said = '';
  let hasEnded = false;
  const changed = new EventEmitter();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => {
      said += part;
      changed.emit('change');
    });
  }
  child.on('close', () => {
    hasEnded = true;
    changed.emit('change');
  });
  const whenSaid = async (pattern: RegExp) => {
    while (!pattern.test(said)) {
      if (hasEnded) throw new Error(`${command} ended and never said ${pattern}: ${said}`);
      await once(changed, 'change');
    }
    return said;
  };
  const address = place.exec(await whenSaid(place))![1]!;
  return { child, address, port: Number(address.split(':').at(-1)), whenSaid };
}

/** Starts an example. */
export function serveExample(t: TestContext, name: string, env?: NodeJS.ProcessEnv) {
  return serve(t, [process.execPath, exampleFile(name)], env);
}

/** What a program did. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with `input` on its standard input, which then ends, for at most 30 s. */
export async function run(
  command: string,
  args: string[],
  { input = '', env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const child = spawn(command, args, { timeout: 30_000, env: { ...process.env, ...env } });
  // A program may end before it has read everything.
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** Runs a program that has to succeed; resolves to its standard output. */
export async function output(
  command: string,
  args: string[],
  options?: Parameters<typeof run>[2],
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${stderr || stdout}`);
  return stdout;
}

/** Sends `input` and FIN by a plain socket; resolves to all that comes back. */
export function exchange(port: number, input: string | Buffer): Promise<string> {
  return text(createConnection(port, '127.0.0.1').end(input));
}
