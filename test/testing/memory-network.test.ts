import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect, createServer, type Protocol, type Server, type Transport } from 'hawser';
import {
  checkSeeds,
  createMemoryNetwork,
  FaultInjected,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  SeedFailure,
} from 'hawser/testing';
import { ipAddress } from '#hawser/address';

/** Sends everything back, and notes how it came. */
class Recorder implements Protocol {
  readonly chunks: number[] = [];
  lost: Error | null | undefined;
  private transport!: Transport;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.chunks.push(data.length);
    this.transport.write(data);
  }

  connectionLost(error: Error | null): void {
    this.lost = error;
  }
}

async function serve(
  network: MemoryNetwork,
): Promise<{ server: Server; protocols: Recorder[]; address: Server['addresses'][number] }> {
  const protocols: Recorder[] = [];
  const factory = () => {
    protocols.push(new Recorder());
    return protocols.at(-1)!;
  };
  const server = await createServer(factory, { engine: network.engine, host: '127.0.0.1' });
  return { server, protocols, address: server.addresses[0]! };
}

/** The sizes in which 1000 bytes arrive. */
async function cutsOf(options: MemoryNetworkOptions): Promise<number[]> {
  const network = createMemoryNetwork(options);
  const { protocols, address } = await serve(network);
  const peer = await network.connectPeer(address);
  await peer.send(Buffer.alloc(1000));
  await peer.receive(1000);
  network.stop();
  return protocols[0]!.chunks;
}

describe('a memory network', () => {
  test('lets a server and a client of the library talk', async () => {
    const network = createMemoryNetwork();
    const { server, address } = await serve(network);
    assert.equal(server.engine, 'memory');
    const received: string[] = [];
    const { transport } = await connect(() => ({ dataReceived: (d) => received.push(`${d}`) }), {
      engine: network.engine,
      host: '127.0.0.1',
      port: (address as { port: number }).port,
    });
    transport.write('hello');
    await network.idle();
    assert.equal(received.join(''), 'hello');
    transport.close();
    await network.idle();
    await server.close();
    assert.equal(network.openSockets, 0);
  });

  test('delivers whole or byte by byte when told to', async () => {
    assert.deepEqual(await cutsOf({ chunks: 'whole' }), [1000]);
    assert.deepEqual(await cutsOf({ chunks: 'bytes' }), Array(1000).fill(1));
  });

  test('otherwise cuts as the seed says', async () => {
    const cuts = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const first = await cutsOf({ seed });
      assert.deepEqual(await cutsOf({ seed }), first);
      cuts.add(String(first));
    }
    assert.ok(cuts.size > 8, `only ${cuts.size} ways to cut`);
  });

  test('a long transfer ends even when it begins byte by byte', async () => {
    const network = createMemoryNetwork({ chunks: 'bytes' });
    const { address } = await serve(network);
    const peer = await network.connectPeer(address);
    await Promise.all([peer.send(Buffer.alloc(5_000_000)), peer.receive(5_000_000)]);
    network.stop();
  });

  test('lets independent connections overtake each other', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const network = createMemoryNetwork({ seed });
      const order: string[] = [];
      const server = await createServer(() => ({ dataReceived: (d) => order.push(`${d}`) }), {
        engine: network.engine,
        host: '127.0.0.1',
      });
      const peers = [1, 2, 3].map(() => network.connectPeer(server.addresses[0]!));
      for (const [i, peer] of (await Promise.all(peers)).entries()) peer.write(`${i}`);
      await network.idle();
      orders.add(order.join(''));
      network.stop();
    }
    assert.ok(orders.size > 2, [...orders].join());
  });

  test('a seed that is none is refused', () => {
    assert.throws(() => createMemoryNetwork({ seed: 0.5 }), /seed must be a whole number.*got 0.5/);
  });
});

describe('faults', () => {
  const certain = async (faults: MemoryNetworkOptions['faults']) => {
    const network = createMemoryNetwork({ seed: 2, faults });
    const { protocols, address } = await serve(network);
    const peer = await network.connectPeer(address);
    const talk = async () => {
      for (let i = 0; i < 500; i++) {
        await peer.send('ping');
        await peer.expect('ping');
      }
    };
    return { network, protocol: protocols[0]!, peer, talk };
  };

  test('reset: both ends see RST, and the peer says that it was the seed', async () => {
    const { network, protocol, peer, talk } = await certain({ reset: 1 });
    await assert.rejects(talk(), (error) => {
      assert.ok(error instanceof FaultInjected);
      return error.fault === 'reset';
    });
    await network.idle();
    assert.equal(peer.error?.code, 'ECONNRESET');
    assert.equal((protocol.lost as NodeJS.ErrnoException).code, 'ECONNRESET');
    network.stop();
  });

  test('halfOpen: nothing arrives any more, and the other end is told nothing', async () => {
    const { network, protocol, talk } = await certain({ halfOpen: 1 });
    await assert.rejects(talk(), { fault: 'half-open' });
    assert.equal(protocol.lost, undefined);
    network.stop();
  });

  test('stall: it takes long, and everything arrives', async () => {
    const { network, talk } = await certain({ stall: 1 });
    await talk();
    assert.ok(network.clock.now > 100_000);
    network.stop();
  });

  test('slowReader: the sender’s own buffer fills, and everything arrives', async () => {
    const network = createMemoryNetwork({ faults: { slowReader: 1 }, sendBufferBytes: 1000 });
    const { address } = await serve(network);
    const peer = await network.connectPeer(address);
    peer.write(Buffer.alloc(5000));
    assert.equal(peer.unsentBytes, 4000);
    assert.equal((await peer.receive(5000)).length, 5000);
    network.stop();
  });

  test('refuse: connecting is refused although a server listens', async () => {
    const network = createMemoryNetwork({ faults: { refuse: 1 } });
    const { address } = await serve(network);
    await assert.rejects(network.connectPeer(address), { code: 'ECONNREFUSED' });
    network.stop();
  });
});

describe('peers', () => {
  test('expectSilence() fails when something was sent', async () => {
    const network = createMemoryNetwork();
    const { address } = await serve(network);
    const peer = await network.connectPeer(address);
    await peer.expectSilence();
    await peer.send('x');
    await assert.rejects(peer.expectSilence(), /expected nothing; it received "x"/);
    network.stop();
  });

  test('expectEnd() fails on data that nobody expected', async () => {
    const network = createMemoryNetwork();
    const { address } = await serve(network);
    const peer = await network.connectPeer(address);
    await peer.send('x');
    peer.end();
    await assert.rejects(peer.expectEnd(), /expected FIN; it received "x"/);
    network.stop();
  });

  test('send() waits for a reader, and fails when there is none', async () => {
    const network = createMemoryNetwork({ sendBufferBytes: 10, receiveBufferBytes: 10 });
    const listener = network.listenPeer(ipAddress('127.0.0.1', 0), { paused: true });
    const peer = await network.connectPeer(listener.address);
    await listener.accept();
    await assert.rejects(peer.send('x'.repeat(25)), /expected the other end to take 5 bytes more/);
  });

  test('accept() fails when nobody connects', async () => {
    const network = createMemoryNetwork();
    const listener = network.listenPeer(ipAddress('127.0.0.1', 0));
    await assert.rejects(listener.accept(), /nobody has connected to 127\.0\.0\.1:\d+/);
  });
});

describe('checkSeeds', () => {
  test('finds what depends on which of two clients comes first', async () => {
    const failure = checkSeeds(async (network) => {
      const order: string[] = [];
      const server = await createServer(() => ({ dataReceived: (d) => order.push(`${d}`) }), {
        engine: network.engine,
        host: '127.0.0.1',
      });
      const peers = [1, 2].map(() => network.connectPeer(server.addresses[0]!));
      for (const [i, peer] of (await Promise.all(peers)).entries()) peer.write(`${i}`);
      await network.until(() => order.length === 2);
      if (order[0] !== '0') throw new Error('the second was first');
    });
    await assert.rejects(failure, (error) => {
      assert.ok(error instanceof SeedFailure);
      assert.match(error.message, /^seed [1-9]\d* fails: the second was first/);
      return true;
    });
  });

  test('idle() inside a scenario does not let timers fire', async () => {
    const result = await checkSeeds(
      async (network) => {
        let hasFired = false;
        network.clock.setTimeout(() => {
          hasFired = true;
        }, 1000);
        await network.idle();
        assert.equal(hasFired, false);
        await network.clock.sleep(1000);
        assert.equal(hasFired, true);
      },
      { seeds: 20 },
    );
    assert.equal(result.runs, 20);
  });
});
