import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, createServer, explainEngine, type Transport } from 'hawser';

const { name, reason } = explainEngine();

const CONNECTIONS = 24;
const ROUNDS = 120;
/** From this size on a write goes to the kernel at once, so that all of a round is there in one turn. */
const SMALLEST = 16 * 1024;
const LARGEST = 64 * 1024;
/** More than one slab holds of it, and what a fresh connection takes without waiting for acknowledgements. */
const WAITING = { connections: 24, bytes: 32 * 1024 };

interface Peer {
  readonly transport: Transport;
  received: number;
}

/** Connections of one process: what the clients write in one turn is all there in the server's next. */
async function crowd(count: number, heard: (peer: Peer, all: readonly Peer[]) => void) {
  const peers: Peer[] = [];
  const server = await createServer(
    () => {
      let peer: Peer;
      return {
        connectionMade(transport) {
          peer = { transport, received: 0 };
          peers.push(peer);
        },
        dataReceived(data) {
          peer.received += data.length;
          heard(peer, peers);
        },
      };
    },
    { host: '127.0.0.1', engine: 'native' },
  );
  const { port } = server.addresses[0] as { port: number };
  const clients: Transport[] = [];
  while (clients.length < count) {
    const options = { host: '127.0.0.1', port, engine: 'native' } as const;
    clients.push((await connect(() => ({ dataReceived() {} }), options)).transport);
  }
  while (peers.length < count) await new Promise(setImmediate);
  const writeAll = (bytes: number) => {
    for (const client of clients) client.write(Buffer.alloc(bytes, 7));
    // The kernel may leave the delivery to a thread of its own.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  };
  const close = async () => {
    for (const client of clients) client.abort();
    await server[Symbol.asyncDispose]();
  };
  return { peers, writeAll, [Symbol.asyncDispose]: close };
}

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

  it('more than one slab holds is received in one turn all the same', async () => {
    const { connections, bytes } = WAITING;
    let turns = 0;
    let isCounting = false;
    await using all = await crowd(connections, () => {
      if (isCounting) return;
      isCounting = true;
      turns++;
      setImmediate(() => {
        isCounting = false;
      });
    });
    all.writeAll(bytes);
    while (all.peers.some(({ received }) => received < bytes)) await new Promise(setImmediate);
    assert.equal(turns, 1);
  });

  it('what a handler does to the others in that turn holds', async () => {
    const { connections, bytes } = WAITING;
    const heard: Peer[] = [];
    await using all = await crowd(connections, (peer, peers) => {
      if (heard.push(peer) > 1) return;
      for (const [index, { transport }] of peers.entries()) {
        if (peers[index] === peer) continue;
        if (index % 2 === 0) transport.pauseReading();
        else transport.abort();
      }
    });
    all.writeAll(bytes);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    assert.equal(heard.length, 1);
    const paused = all.peers.filter((peer) => !heard.includes(peer) && !peer.transport.isClosing);
    assert.ok(paused.length > 0);
    for (const { transport } of paused) transport.resumeReading();
    while (paused.some(({ received }) => received < bytes)) await new Promise(setImmediate);
  });
});
