import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as netConnect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createServer, type Protocol, type Server } from 'hawser';
import {
  type Codec,
  FramedProtocol,
  framed,
  LocalProtocolError,
  lines,
  RemoteProtocolError,
} from 'hawser/codecs';

/** A protocol of lines whose answer to each is a function of the test's; keeps what it saw. */
class Recorder extends framed(() => lines({ limit: 100 })) {
  readonly seen: string[] = [];
  readonly lost = deferred<Error | null>();
  readonly #answer: (line: string, recorder: Recorder) => unknown;

  constructor(answer: (line: string, recorder: Recorder) => unknown = () => undefined) {
    super();
    this.#answer = answer;
  }

  get connection() {
    return this.transport;
  }

  override messageReceived(line: string): unknown {
    this.seen.push(line);
    return this.#answer(line, this);
  }

  connectionLost(error: Error | null): void {
    this.lost.resolve(error);
  }
}

/** A server of one connection and its peer, both gone after `work`. */
async function withPeer<P extends Protocol>(
  engine: 'auto' | 'node',
  protocol: P,
  work: (peer: Socket, protocol: P, errors: Error[]) => Promise<void>,
): Promise<void> {
  const errors: Error[] = [];
  const server: Server = await createServer(() => protocol, {
    host: '127.0.0.1',
    engine,
    onError: (error) => errors.push(error),
  });
  const [address] = server.addresses;
  assert.ok(address !== undefined && address.family !== 'unix');
  const peer = netConnect(address.port, address.host);
  peer.on('error', () => undefined);
  try {
    await once(peer, 'connect');
    await work(peer, protocol, errors);
  } finally {
    server.abortTransports();
    await server.close();
    peer.destroy();
  }
}

/** A promise of the nth line, and the answer function that fulfils it. */
function nth(count: number, act: (line: string, recorder: Recorder) => unknown = () => undefined) {
  const { promise, resolve } = deferred<void>();
  const answer = (line: string, recorder: Recorder) => {
    if (recorder.seen.length === count) resolve();
    return act(line, recorder);
  };
  return { arrived: promise, answer };
}

for (const engine of ['auto', 'node'] as const) {
  describe(`framed, engine ${engine}`, { timeout: 10_000 }, () => {
    it('gives messages and sends messages', async () => {
      const echo = new Recorder((line, recorder) => recorder.send(line.toUpperCase()));
      await withPeer(engine, echo, async (peer) => {
        peer.end('one\r\ntwo\nlast');
        assert.equal(await text(peer), 'ONE\nTWO\nLAST\n');
        assert.equal(await echo.lost.promise, null);
      });
    });

    it('holds decoded messages back while reading is paused, and gives them after it is resumed', async () => {
      const first = nth(1, (_, { connection, seen }) => {
        if (seen.length === 1) connection.pauseReading();
      });
      const last = nth(3, first.answer);
      await withPeer(engine, new Recorder(last.answer), async (peer, { connection, seen }) => {
        peer.write('a\nb\nc\n');
        await first.arrived;
        await turn();
        assert.deepEqual(seen, ['a']);
        assert.equal(connection.isReading, false);
        connection.resumeReading();
        assert.equal(connection.isReading, true);
        assert.deepEqual(seen, ['a'], 'nothing comes before resumeReading returns');
        await last.arrived;
        assert.deepEqual(seen, ['a', 'b', 'c']);
      });
    });

    it('holds messages back one by one when each pauses reading', async () => {
      const last = nth(50, (_, { connection }) => {
        connection.pauseReading();
        setImmediate(() => connection.resumeReading());
      });
      const sent = Array.from({ length: 50 }, (_, index) => `line ${index}`);
      await withPeer(engine, new Recorder(last.answer), async (peer, { seen }) => {
        peer.write(`${sent.slice(0, 30).join('\n')}\n`);
        peer.write(`${sent.slice(30).join('\n')}\n`);
        await last.arrived;
        assert.deepEqual(seen, sent);
      });
    });

    it('gives nothing when reading is paused again before the messages come', async () => {
      const first = nth(1, (_, { connection }) => connection.pauseReading());
      await withPeer(engine, new Recorder(first.answer), async (peer, { connection, seen }) => {
        peer.write('a\nb\n');
        await first.arrived;
        connection.resumeReading();
        connection.pauseReading();
        await turn();
        assert.deepEqual(seen, ['a']);
        assert.equal(connection.isReading, false);
      });
    });

    it('gives what was held back before the end of input', async () => {
      const first = nth(1, (_, { connection, seen }) => {
        if (seen.length === 1) connection.pauseReading();
      });
      await withPeer(
        engine,
        new Recorder(first.answer),
        async (peer, { connection, seen, lost }) => {
          peer.end('a\nb\nc');
          await first.arrived;
          await turn();
          connection.resumeReading();
          assert.equal(await lost.promise, null);
          assert.deepEqual(seen, ['a', 'b', 'c']);
        },
      );
    });

    for (const [what, rest] of [
      ['another message', 'more\n'],
      ['a broken one', 'x'.repeat(200)],
    ] as const) {
      it(`gives nothing after a close, and loses no reply to ${what} behind it`, async () => {
        const quitter = new Recorder((_, recorder) => {
          recorder.send('bye');
          recorder.connection.close();
        });
        await withPeer(engine, quitter, async (peer, { seen, lost }, errors) => {
          peer.write(`QUIT\n${rest}`);
          assert.equal(await text(peer), 'bye\n');
          peer.end();
          assert.equal(await lost.promise, null);
          assert.deepEqual([seen, errors], [['QUIT'], []]);
        });
      });
    }

    it('aborts the connection with the error when the peer breaks the protocol', async () => {
      await withPeer(engine, new Recorder(), async (peer, { seen, lost }, errors) => {
        peer.write(`ok\n${'x'.repeat(200)}`);
        const error = await lost.promise;
        assert.ok(error instanceof RemoteProtocolError);
        assert.equal(error.offset, 103);
        assert.deepEqual(errors, [error]);
        assert.deepEqual(seen, ['ok']);
      });
    });

    it('sends what an override of protocolError says and closes in order', async () => {
      class Polite extends Recorder {
        override protocolError(error: RemoteProtocolError): void {
          this.send(`wrong at ${error.offset}`);
        }
      }
      await withPeer(
        engine,
        new Polite((_, polite) => polite.send('fine')),
        async (peer, { lost }) => {
          peer.write(`ok\n${'x'.repeat(200)}`);
          assert.equal(await text(peer), 'fine\nwrong at 103\n');
          peer.end();
          assert.equal(await lost.promise, null);
        },
      );
    });

    it('reports an end of input inside a message', async () => {
      class Strict extends Recorder {
        protected override readonly codec: Codec<string> = lines({ limit: 9, strict: true });
      }
      await withPeer(engine, new Strict(), async (peer, { lost }) => {
        peer.end('ok\nhalf');
        assert.match(String(await lost.promise), /the input ended 4 bytes into a line/);
      });
    });

    for (const [title, fail] of [
      ['throws', (error: Error) => raise(error)],
      ['rejects', (error: Error) => Promise.reject(error)],
    ] as const) {
      it(`aborts the connection when messageReceived ${title}`, async () => {
        const error = new Error('no such thing');
        await withPeer(engine, new Recorder(() => fail(error)), async (peer, { lost }, errors) => {
          peer.write('a\n');
          assert.equal(await lost.promise, error);
          assert.deepEqual(errors, [error]);
        });
      });

      it(`aborts the connection when messageReceived ${title} for a message that was held back`, async () => {
        const error = new Error('no such thing');
        const first = nth(1, (_, { connection, seen }) => {
          if (seen.length > 1) return fail(error);
          connection.pauseReading();
        });
        await withPeer(
          engine,
          new Recorder(first.answer),
          async (peer, { connection, lost }, errors) => {
            peer.write('a\nb\nc\n');
            await first.arrived;
            await turn();
            connection.resumeReading();
            assert.equal(await lost.promise, error);
            assert.deepEqual(errors, [error]);
          },
        );
      });
    }

    it('aborts the connection when the protocol is replaced while decoded messages wait', async () => {
      const replacing = new Recorder((_, { connection }) => {
        connection.protocol = { dataReceived: () => undefined };
      });
      await withPeer(engine, replacing, async (peer, { seen }, errors) => {
        peer.write('a\nb\n');
        await once(peer, 'close');
        assert.deepEqual(seen, ['a']);
        assert.match(String(errors[0]), /replaced while messages that it had decoded waited/);
      });
    });

    it('hands the connection to another protocol after the last message', async () => {
      const upgraded = new Recorder((_, { connection }) => {
        connection.protocol = { dataReceived: (data) => connection.write(data) };
        connection.write('go');
      });
      await withPeer(engine, upgraded, async (peer) => {
        peer.write('upgrade\n');
        assert.equal(String((await once(peer, 'data'))[0]), 'go');
        peer.end('raw\nbytes');
        assert.equal(await text(peer), 'raw\nbytes');
      });
    });
  });
}

describe('framed', () => {
  it('wants a function that makes codecs', () => {
    assert.throws(() => framed(lines({ limit: 1 }) as unknown as () => Codec<string>), TypeError);
  });

  it('has no transport before the connection is made', () => {
    assert.throws(() => new Recorder().send('x'), LocalProtocolError);
  });

  it('takes a codec of one connection as a base class too', () => {
    class Lines extends FramedProtocol<string> {
      readonly seen: string[] = [];
      messageReceived(line: string): void {
        this.seen.push(line);
      }
    }
    const protocol = new Lines(lines({ limit: 9 }));
    const transport = { isReading: true, isClosing: false, protocol };
    protocol.connectionMade(transport as never);
    protocol.dataReceived(Buffer.from('a\nb\n'));
    assert.deepEqual(protocol.seen, ['a', 'b']);
  });
});

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function raise(error: Error): never {
  throw error;
}

/** Two turns of the event loop: whatever was going to happen by itself has happened. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
