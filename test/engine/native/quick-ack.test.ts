import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  type BufferedProtocol,
  createServer,
  explainEngine,
  type Protocol,
  type ServerOptions,
  SocketOptionError,
  type Transport,
} from 'hawser';

const { name, reason } = explainEngine();
const skip = name === 'native' ? false : reason;
const probe = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' });
const noStrace =
  probe.status === 0 ? false : `no strace here: ${probe.error?.message ?? probe.stderr.trim()}`;

/** Answers every second byte. */
class Pairs {
  protected transport!: Transport;
  #count = 0;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  protected took(count: number): void {
    this.#count += count;
    if (this.#count % 2 === 0) this.transport.write('!');
  }
}

class PlainPairs extends Pairs implements Protocol {
  dataReceived(data: Buffer): void {
    this.took(data.length);
  }
}

class BufferedPairs extends Pairs implements BufferedProtocol {
  readonly #memory = Buffer.alloc(1024);

  getBuffer(): Buffer {
    return this.#memory;
  }

  bufferUpdated(byteCount: number): void {
    this.took(byteCount);
  }
}

/**
 * Times write, write, read with Nagle's algorithm: the second byte waits until the first
 * is acknowledged, which a delayed acknowledgement makes some 40 ms. The median, ms.
 */
async function medianExchangeMs(port: number): Promise<number> {
  const client = connect({ port, host: '127.0.0.1', noDelay: false });
  await once(client, 'connect');
  const times: number[] = [];
  for (let round = 0; round < 15; round++) {
    const start = performance.now();
    client.write('a');
    client.write('b');
    await once(client, 'data');
    times.push(performance.now() - start);
  }
  client.destroy();
  return times.sort((a, b) => a - b)[7]!;
}

/** The median exchange with a server that has these options, ms. */
async function medianWith(options: ServerOptions, Kind: typeof PlainPairs | typeof BufferedPairs) {
  await using server = await createServer(() => new Kind(), {
    host: '127.0.0.1',
    engine: 'native',
    ...options,
  });
  const [address] = server.addresses;
  assert.ok(address !== undefined && address.family !== 'unix');
  return await medianExchangeMs(address.port);
}

/** How many setsockopt(2) calls a server makes that answers so many messages, in their turn or in the next. */
async function setsockoptCalls(
  quickAck: boolean,
  answer: 'at once' | 'later',
  messages: number,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-strace-'));
  const log = join(folder, 'log');
  const source = `import { createServer } from ${JSON.stringify(import.meta.resolve('hawser'))};
    const server = await createServer(() => { let transport; return {
      connectionMade(made) { transport = made; },
      dataReceived(data) { ${answer === 'later' ? 'setImmediate(() => transport.write(data))' : 'transport.write(data)'}; },
      connectionLost() { void server.close(); },
    }; }, { host: '127.0.0.1', engine: 'native', quickAck: ${quickAck} });
    console.log(server.addresses[0].port);`;
  const trace = ['-f', '-qq', '-e', 'trace=setsockopt', '-e', 'signal=none', '-o', log];
  const node = [process.execPath, '--input-type=module', '--eval', source];
  const server = spawn('strace', [...trace, ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  const [port] = await once(server.stdout, 'data');
  const client = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  for (let sent = 0; sent < messages; sent++) {
    client.write('x');
    await once(client, 'data');
  }
  client.end();
  await exited;
  const calls = readFileSync(log, 'utf8').split('setsockopt(').length - 1;
  rmSync(folder, { recursive: true });
  return calls;
}

describe('quickAck on the native engine', { skip }, () => {
  for (const Kind of [PlainPairs, BufferedPairs]) {
    test(`spares clients the wait for an acknowledgement: ${Kind.name}`, async (t) => {
      const without = await medianWith({}, Kind);
      const quick = await medianWith({ quickAck: true }, Kind);
      t.diagnostic(`median without ${without.toFixed(2)} ms, with ${quick.toFixed(2)} ms`);
      assert.ok(quick < without / 4, `${quick} ms with quickAck, ${without} ms without`);
    });
  }

  test('TCP_DELACK_MAX_US shortens the wait, where the kernel has it', async (t) => {
    const without = await medianWith({}, PlainPairs);
    const connectionOptions = { TCP_DELACK_MAX_US: 10_001 };
    const short = await medianWith({ connectionOptions }, PlainPairs).catch(
      (error: Error) => error,
    );
    if (short instanceof SocketOptionError) {
      t.skip(short.message);
      return;
    }
    t.diagnostic(`median without ${without.toFixed(2)} ms, with ${Number(short).toFixed(2)} ms`);
    assert.ok(Number(short) < without / 1.5, `${short} ms, ${without} ms without`);
  });

  test('costs a setsockopt where a message is not answered in its turn, and nothing when it is off', {
    skip: noStrace,
  }, async () => {
    const messages = 100;
    const off = await setsockoptCalls(false, 'later', messages);
    assert.ok(off < 10, `${off} calls without quickAck`);
    const answered = await setsockoptCalls(true, 'at once', messages);
    assert.ok(answered < 10, `${answered} calls for ${messages} messages answered in their turn`);
    const late = await setsockoptCalls(true, 'later', messages);
    assert.ok(late >= messages && late < messages + 10, `${late} calls for ${messages} messages`);
  });
});
