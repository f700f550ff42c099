import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Address, Engine, EngineChoice, Server } from 'hawser';
import { type Connection, type ConnectionHandler, type ServeOptions, serve } from 'hawser/streams';
import { createMemoryNetwork } from 'hawser/testing';

/** What the tests of streams run on. */
export const engines = {
  native: (): EngineChoice => 'native',
  node: (): EngineChoice => 'node',
  memory: (): Engine => createMemoryNetwork({ timers: 'real' }).engine,
};

/** Those with sockets of the kernel. */
export const kernelEngines = ['native', 'node'] as const;

/**
 * A server on a free port, and the errors it was told of. At the end of the test no connection
 * may be left, and no assertion of a handler may have failed.
 */
export async function serving(
  t: TestContext,
  engine: EngineChoice,
  handler: ConnectionHandler,
  options: ServeOptions = {},
) {
  const errors: Error[] = [];
  const server = await serve(handler, {
    host: '127.0.0.1',
    engine,
    onError: (error) => errors.push(error),
    ...options,
  });
  t.after(async () => {
    await server.close({ drainTimeoutMs: 2000 });
    assert.equal(server.stats().closedBy['drain-deadline'], 0, 'a connection was left open');
    const failures = errors.filter((error) => error instanceof assert.AssertionError);
    assert.deepEqual(failures, [], 'an assertion failed inside a handler');
  });
  return { server, errors, to: { ...addressOf(server), engine } };
}

export function addressOf(server: Server): { host: string; port: number } {
  const address = server.addresses[0] as Address;
  assert.notEqual(address.family, 'unix');
  const { host, port } = address as Exclude<Address, { family: 'unix' }>;
  return { host, port };
}

/** A bare client of node:net, gone when the test is over. Errors are kept for `once(socket, 'close')`. */
export async function bareClient(t: TestContext, server: Server): Promise<Socket> {
  const socket = connect({ ...addressOf(server), allowHalfOpen: true });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that a client sent, until its FIN. */
export async function drained(connection: Connection): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of connection) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Resolves with what `give` is called with. */
export function promised<T>(): { promise: Promise<T>; give: (value: T) => void } {
  let give!: (value: T) => void;
  const promise = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { promise, give };
}

/** A fixed sequence in which every byte depends on its place. */
export function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8)));
}

/** Everything a loop gives. */
export async function collected<T>(loop: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of loop) all.push(one);
  return all;
}

/** Waits for what no event tells of. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `not within 5 s: ${condition}`);
    await new Promise(setImmediate);
  }
}
