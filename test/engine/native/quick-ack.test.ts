import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import {
  type BufferedProtocol,
  createServer,
  explainEngine,
  type Protocol,
  type Transport,
} from 'hawser';

const { name, reason } = explainEngine();
const skip = name === 'native' ? false : reason;

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

describe('quickAck on the native engine', { skip }, () => {
  for (const Kind of [PlainPairs, BufferedPairs]) {
    test(`lets no client wait for an acknowledgement: ${Kind.name}`, async () => {
      await using server = await createServer(() => new Kind(), {
        host: '127.0.0.1',
        quickAck: true,
        engine: 'native',
      });
      const [address] = server.addresses;
      assert.ok(address !== undefined && address.family !== 'unix');
      const median = await medianExchangeMs(address.port);
      assert.ok(median < 20, `the median exchange took ${median} ms`);
    });
  }
});
