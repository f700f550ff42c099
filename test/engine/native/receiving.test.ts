import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, createServer, explainEngine, type Transport } from 'hawser';

const { name, reason } = explainEngine();

const CONNECTIONS = 24;
const ROUNDS = 120;
/** From this size on a write goes to the kernel at once, so that all of a round is there in one turn. */
const SMALLEST = 16 * 1024;
const LARGEST = 64 * 1024;

describe('receiving on the native engine', { skip: name === 'native' ? false : reason }, () => {
  it('large chunks on many connections in one turn keep every byte, wherever a slab ends', async () => {
    const received = new Map<number, number>();
    let total = 0;
    let heard: (() => void) | undefined;
    await using server = await createServer(
      () => {
        let id: number;
        return {
          connectionMade(transport) {
            id = (transport.remoteAddress as { port: number }).port;
          },
          dataReceived(data) {
            received.set(id, (received.get(id) ?? 0) + data.length);
            total += data.length;
            heard?.();
          },
        };
      },
      { host: '127.0.0.1', engine: 'native' },
    );
    const { port } = server.addresses[0] as { port: number };
    const clients: Transport[] = [];
    for (let i = 0; i < CONNECTIONS; i++) {
      const made = await connect(() => ({ dataReceived() {} }), {
        host: '127.0.0.1',
        port,
        engine: 'native',
      });
      clients.push(made.transport);
    }
    const sent = new Map<number, number>();
    let sentTotal = 0;
    const bytes = Buffer.alloc(LARGEST, 7);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, client] of clients.entries()) {
        // Sizes that no slab is a multiple of, and the largest there is.
        const length =
          (i + round) % 3 === 0 ? LARGEST : SMALLEST + ((i * 997 + round * 4099) % 49_000);
        client.write(bytes.subarray(0, length));
        const id = (client.localAddress as { port: number }).port;
        sent.set(id, (sent.get(id) ?? 0) + length);
        sentTotal += length;
      }
      const deadline = setTimeout(() => heard?.(), 2000);
      const begin = performance.now();
      while (total < sentTotal && performance.now() - begin < 2000) {
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
      clearTimeout(deadline);
      assert.deepEqual(received, sent, `round ${round}`);
    }
    for (const client of clients) client.close();
  });
});
