import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Protocol, Transport } from 'hawser';
import {
  type Clock,
  checkProtocol,
  type MemoryPeer,
  type ProtocolCheckOptions,
  type Script,
  SeedFailure,
} from 'hawser/testing';

class Echo implements Protocol {
  protected transport!: Transport;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

async function echoScript(peer: MemoryPeer): Promise<void> {
  await peer.send('hello\n');
  await peer.send('world\n');
  await peer.expect('hello\nworld\n');
  peer.end();
  await peer.expectEnd();
}

/** The failure of a check that must fail. */
async function failureOf(
  factory: (clock: Clock) => Protocol,
  script: Script,
  options?: ProtocolCheckOptions,
): Promise<SeedFailure> {
  try {
    await checkProtocol(factory, script, options);
  } catch (error) {
    assert.ok(error instanceof SeedFailure, String(error));
    return error;
  }
  throw new Error('the check passed');
}

describe('checkProtocol', () => {
  test('runs a right protocol under 1000 seeds in a few seconds, faults among them', async () => {
    const started = performance.now();
    const { runs, faulted } = await checkProtocol(() => new Echo(), echoScript);
    assert.equal(runs, 1000);
    assert.ok(faulted > 50 && faulted < 400, `${faulted} runs were broken off`);
    assert.ok(performance.now() - started < 20_000);
  });

  test('finds a protocol that takes a chunk for a message, and says how to run that seed alone', async () => {
    class ByChunk extends Echo {
      override dataReceived(data: Buffer): void {
        this.transport.write(`${data.toString().trimEnd()}\n`);
      }
    }
    const script: Script = async (peer) => {
      await peer.send('hello\n');
      await peer.expect('hello\n');
    };
    const failure = await failureOf(() => new ByChunk(), script);
    assert.equal(failure.seed, 1);
    assert.match(failure.message, /^seed 1 fails: the peer expected "hello\\n"; it received "h\\n/);
    assert.match(failure.message, /to run it alone: \{ seed: 1 \}/);
    assert.match(failure.message, /ms {2}#1 {2}client → server {2}"h"\n/);
    const again = await failureOf(() => new ByChunk(), script, { seed: failure.seed });
    assert.equal(again.message, failure.message);
  });

  test('the same seed gives the same events, faults and all', async () => {
    const eventsOf = async (seed: number) => {
      const events: string[] = [];
      const trace = (event: object) => events.push(JSON.stringify(event));
      await checkProtocol(() => new Echo(), echoScript, { seed, trace });
      return events;
    };
    const all: string[][] = [];
    for (let seed = 0; seed < 100; seed++) all.push(await eventsOf(seed));
    for (let seed = 0; seed < 100; seed++) assert.deepEqual(await eventsOf(seed), all[seed]);
    assert.ok(new Set(all.map(String)).size > 90, 'different seeds give different events');
  });

  test('an expectation that never comes true fails at once, and says what had arrived', async () => {
    const started = performance.now();
    const failure = await failureOf(
      () => new Echo(),
      async (peer) => {
        await peer.send('ping');
        await peer.expect('ping!');
      },
      { seed: 0 },
    );
    assert.match(failure.message, /the peer expected "ping!"; it received "ping"/);
    assert.ok(performance.now() - started < 1000);
  });

  test('an exception of the protocol is the failure, not what the script missed because of it', async () => {
    const mistake = new Error('a planted mistake');
    class Throwing extends Echo {
      override dataReceived(): void {
        throw mistake;
      }
    }
    const failure = await failureOf(() => new Throwing(), echoScript);
    assert.equal(failure.cause, mistake);
  });

  test('a mistake that only a reset brings out is found', async () => {
    class Careless extends Echo {
      connectionLost(error: Error | null): void {
        if (error !== null) throw new Error('did not expect that');
      }
    }
    const failure = await failureOf(() => new Careless(), echoScript, { faults: { reset: 0.3 } });
    assert.match(failure.message, /did not expect that/);
    assert.ok(failure.trace.some((line) => line.includes('RST')));
    const calm = { faults: {}, seeds: 100 };
    assert.deepEqual(await checkProtocol(() => new Careless(), echoScript, calm), {
      runs: 100,
      faulted: 0,
    });
  });

  test('a connection that stays open after its peer has gone is a failure', async () => {
    class Leaking extends Echo {
      eofReceived(): boolean {
        return true;
      }
    }
    const failure = await failureOf(
      () => new Leaking(),
      async (peer) => peer.send('x'),
    );
    assert.match(failure.message, /a connection is still open although the peer has sent FIN/);
  });

  test('a script that waits for a real timer fails, and is told why', async () => {
    const failure = await failureOf(
      () => new Echo(),
      () => new Promise((resolve) => setTimeout(resolve, 5)),
    );
    assert.match(failure.message, /a real timer, real I\/O/);
  });

  test('a protocol and a peer that answer each other for ever are found', async () => {
    const failure = await failureOf(
      (clock) => {
        const again = () => {
          clock.setTimeout(again, 1);
        };
        again();
        return new Echo();
      },
      async (peer) => peer.expect('never'),
    );
    assert.match(failure.message, /does not come to rest/);
  });

  test('time-outs on the clock of the run take no real time', async () => {
    class Impatient extends Echo {
      private readonly clock: Clock;

      constructor(clock: Clock) {
        super();
        this.clock = clock;
      }

      override connectionMade(transport: Transport): void {
        super.connectionMade(transport);
        this.clock.setTimeout(() => transport.close(), 60_000);
      }
    }
    const script: Script = async (peer, { clock }) => {
      await peer.expectEnd();
      assert.ok(clock.now >= 60_000);
    };
    await checkProtocol((clock) => new Impatient(clock), script, { seeds: 50 });
  });

  test('what a timer of the protocol throws fails the run', async () => {
    const mistake = new Error('in a timer');
    const failure = await failureOf(
      (clock) => {
        clock.setTimeout(() => {
          throw mistake;
        }, 10);
        return new Echo();
      },
      async (peer) => peer.expect('never'),
    );
    assert.equal(failure.cause, mistake);
  });

  test('a script can have several connections, and server options', async () => {
    const script: Script = async (peer, { connect, server }) => {
      const other = await connect();
      await Promise.all([peer.send('one'), other.send('two')]);
      await Promise.all([peer.expect('one'), other.expect('two')]);
      assert.equal(server.transports.size, 2);
      const [transport] = server.transports;
      assert.deepEqual(transport!.writeBufferLimits, { low: 25, high: 100 });
    };
    const options = { seeds: 50, server: { writeBufferLimits: { high: 100 } } };
    await checkProtocol(() => new Echo(), script, options);
  });

  test('impossible numbers of seeds are refused', async () => {
    const check = (options: ProtocolCheckOptions) =>
      checkProtocol(() => new Echo(), echoScript, options);
    await assert.rejects(check({ seeds: 0 }), { code: 'ERR_OUT_OF_RANGE' });
    await assert.rejects(check({ seed: -1 }), { code: 'ERR_OUT_OF_RANGE' });
    await assert.rejects(check({ seed: 1.5 }), { code: 'ERR_OUT_OF_RANGE' });
  });
});
