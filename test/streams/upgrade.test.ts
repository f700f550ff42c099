import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BufferedProtocol, Protocol, Transport } from 'hawser';
import { type Connection, open } from 'hawser/streams';
import { collected, drained, engines, pattern, promised, serving, until } from './stage.js';

/** Writes down what it is told. */
class Recorder implements Protocol {
  readonly calls: string[] = [];
  readonly chunks: Buffer[] = [];
  readonly lost = promised<Error | null>();
  transport!: Transport;

  connectionMade(transport: Transport): void {
    this.transport = transport;
    this.calls.push('made');
  }

  dataReceived(data: Buffer): void {
    this.calls.push('data');
    this.chunks.push(data);
  }

  eofReceived(): boolean {
    this.calls.push('eof');
    return false;
  }

  connectionLost(error: Error | null): void {
    this.calls.push('lost');
    this.lost.give(error);
  }

  get received(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** Waits until the connection has received so much in all. */
async function receivedOf(connection: Connection, byteCount: number): Promise<void> {
  await until(() => connection.transport.bytesRead >= byteCount);
}

for (const [name, makeEngine] of Object.entries(engines)) {
  describe(`upgrade() on the ${name} engine`, () => {
    it('delivers what is buffered before anything new, and the handler may return', async (t) => {
      const recorder = new Recorder();
      const { to, errors } = await serving(t, makeEngine(), async (connection) => {
        assert.equal(await connection.readLine(), 'UPGRADE');
        await receivedOf(connection, 'UPGRADE\nbuffered '.length);
        const transport = connection.upgrade(recorder);
        assert.equal(transport, recorder.transport);
        assert.equal(transport.protocol, recorder);
        assert.deepEqual(recorder.calls, ['made']);
        await connection.closed;
      });
      const client = await open(to);
      await client.write('UPGRADE\nbuffered ');
      await until(() => recorder.calls.length >= 2);
      await client.write('new');
      client.end();
      assert.equal(await recorder.lost.promise, null);
      assert.equal(recorder.received, 'buffered new');
      assert.deepEqual([...new Set(recorder.calls)], ['made', 'data', 'eof', 'lost']);
      assert.deepEqual(errors, []);
      await client.closed;
    });

    it('delivers an end of input that was seen already, once', async (t) => {
      const recorder = new Recorder();
      recorder.eofReceived = () => {
        recorder.calls.push('eof');
        setImmediate(() => recorder.transport.close());
        return true;
      };
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const lines = await collected(connection.lines());
        assert.deepEqual(lines, ['all']);
        const transport = connection.upgrade(recorder);
        transport.pauseReading();
        transport.resumeReading();
      });
      const client = await open(to);
      await client.write('all');
      client.end();
      assert.equal(await recorder.lost.promise, null);
      assert.deepEqual(recorder.calls, ['made', 'eof', 'lost']);
      await client.closed;
    });

    it('delivers to a protocol that pauses at every step, in order and only when it resumes', async (t) => {
      class Hesitant extends Recorder {
        override connectionMade(transport: Transport): void {
          super.connectionMade(transport);
          this.hesitate();
        }

        override dataReceived(data: Buffer): void {
          assert.ok(this.transport.isReading);
          super.dataReceived(data);
          this.hesitate();
        }

        private hesitate(): void {
          this.transport.pauseReading();
          assert.equal(this.transport.isReading, false);
          setTimeout(() => this.transport.resumeReading(), 2);
        }
      }
      const sent = pattern(200_000);
      const hesitant = new Hesitant();
      const { to } = await serving(t, makeEngine(), async (connection) => {
        await connection.readExactly(10);
        await until(() => !connection.transport.isReading);
        connection.upgrade(hesitant);
      });
      const client = await open(to);
      await client.write(sent);
      client.end();
      assert.equal(await hesitant.lost.promise, null);
      assert.ok(Buffer.concat(hesitant.chunks).equals(sent.subarray(10)));
      assert.ok(hesitant.chunks.every((chunk) => chunk.length <= 65536));
      await client.closed;
    });

    it('keeps new input behind what is buffered for as long as the protocol pauses', async (t) => {
      const recorder = new Recorder();
      const { to } = await serving(t, makeEngine(), async (connection) => {
        await connection.readExactly(1);
        await receivedOf(connection, 2);
        connection.upgrade(recorder).pauseReading();
      });
      const client = await open(to);
      await client.write('.a');
      await until(() => recorder.calls.length === 1);
      await client.write('b');
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      assert.deepEqual(recorder.calls, ['made']);
      recorder.transport.resumeReading();
      recorder.transport.pauseReading();
      recorder.transport.resumeReading();
      assert.deepEqual(recorder.calls, ['made']);
      client.end();
      await recorder.lost.promise;
      assert.equal(recorder.received, 'ab');
      await client.closed;
    });

    it('delivers into the memory of a buffered protocol', async (t) => {
      const lost = promised<string>();
      const memory = Buffer.alloc(3);
      let received = '';
      const buffered: BufferedProtocol = {
        getBuffer: () => memory,
        bufferUpdated(byteCount) {
          received += memory.toString('latin1', 0, byteCount);
        },
        connectionLost: () => lost.give(received),
      };
      const { to } = await serving(t, makeEngine(), async (connection) => {
        await connection.readExactly(1);
        await receivedOf(connection, 8);
        connection.upgrade(buffered);
      });
      const client = await open(to);
      await client.write('12345678');
      await client.write('9abc');
      client.end();
      assert.equal(await lost.promise, '23456789abc');
      await client.closed;
    });

    it('tells the new protocol that writing is paused', async (t) => {
      class Writer extends Recorder {
        pauseWriting(): void {
          this.calls.push('pause');
        }

        resumeWriting(): void {
          this.calls.push('resume');
          this.transport.close();
        }
      }
      const writer = new Writer();
      const size = 8 * 1024 * 1024;
      const { to } = await serving(t, makeEngine(), (connection) => {
        void connection.write(Buffer.alloc(size));
        connection.upgrade(writer);
      });
      await using client = await open(to);
      assert.equal((await drained(client)).length, size);
      assert.equal(await writer.lost.promise, null);
      assert.deepEqual(writer.calls, ['made', 'pause', 'resume', 'lost']);
    });

    it('what the new protocol throws aborts the connection and is reported', async (t) => {
      const recorder = new Recorder();
      recorder.dataReceived = () => {
        throw new Error('not mine');
      };
      const { to, errors } = await serving(t, makeEngine(), async (connection) => {
        await connection.readExactly(1);
        await receivedOf(connection, 2);
        connection.upgrade(recorder);
        await recorder.lost.promise;
      });
      const client = await open(to);
      await client.write('ab');
      assert.equal((await recorder.lost.promise)?.message, 'not mine');
      assert.deepEqual(
        errors.map((error) => error.message),
        ['not mine'],
      );
      await Promise.allSettled([drained(client)]);
      await client.close();
    });

    it('leaves nothing to the stream, and says so', async (t) => {
      const recorder = new Recorder();
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const loop = connection.lines();
        const { closed } = connection;
        connection.upgrade(recorder);
        const upgraded = { code: 'ERR_CONNECTION_UPGRADED' };
        await assert.rejects(connection.read(), upgraded);
        await assert.rejects(loop.next(), upgraded);
        await assert.rejects(connection.write('x'), upgraded);
        await assert.rejects(connection.close(), upgraded);
        assert.throws(() => connection.end(), upgraded);
        assert.throws(() => connection.abort(), upgraded);
        assert.throws(() => connection.upgrade(recorder), upgraded);
        assert.equal(await closed, null);
        recorder.transport.write('done');
        recorder.transport.close();
      });
      await using client = await open(to);
      assert.equal((await drained(client)).toString(), 'done');
    });

    it('is refused while a read waits, and for what is no protocol', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const reading = connection.read();
        assert.throws(() => connection.upgrade(new Recorder()), { code: 'ERR_READ_PENDING' });
        assert.throws(() => connection.upgrade({} as never), TypeError);
        await connection.write('still a stream');
        await reading;
      });
      await using client = await open(to);
      await client.write('x');
      assert.equal((await drained(client)).toString(), 'still a stream');
    });
  });
}
