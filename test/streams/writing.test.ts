import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { type Connection, open } from 'hawser/streams';
import {
  bareClient,
  collected,
  drained,
  engines,
  kernelEngines,
  pattern,
  promised,
  serving,
} from './stage.js';

const LARGE = 8 * 1024 * 1024;

/** Whether `promise` is settled by the time that a chain of microtasks has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  for (let i = 0; i < 10; i++) await undefined;
  return settled;
}

for (const [name, makeEngine] of Object.entries(engines)) {
  describe(`writing on the ${name} engine`, () => {
    it('write() resolves at once below the high-water mark and waits above it', async (t) => {
      const { promise: mayRead, give: letRead } = promised<void>();
      const { to } = await serving(t, makeEngine(), async (connection) => {
        connection.transport.pauseReading();
        await mayRead;
        connection.transport.resumeReading();
        await drained(connection);
      });
      await using client = await open(to);
      assert.ok(await isSettled(client.write('small')));
      const large = client.write(Buffer.alloc(LARGE));
      assert.equal(await isSettled(large), false);
      assert.equal(await isSettled(client.write('also waits')), false);
      letRead();
      await large;
      assert.ok(client.transport.writeBufferSize <= client.transport.writeBufferLimits.low);
      client.end();
    });

    it('what was written may be changed at once', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        for (const size of [10, 100_000, 300_000]) {
          const bytes = Buffer.alloc(size, 'a');
          void connection.write(bytes);
          bytes.fill('b');
        }
        await connection.write('ü');
      });
      await using client = await open(to);
      const received = await drained(client);
      assert.equal(received.toString(), `${'a'.repeat(400_010)}ü`);
    });

    it('write() after end() and a value that is not bytes reject, with the connection unharmed', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        await connection.write(await drained(connection));
      });
      await using client = await open(to);
      await assert.rejects(client.write(5 as never), { code: 'ERR_INVALID_ARG_TYPE' });
      await assert.rejects(client.writev(['x'] as never), { code: 'ERR_INVALID_ARG_TYPE' });
      await client.write('fine');
      client.end();
      client.end();
      await assert.rejects(client.write('late'), { code: 'ERR_STREAM_WRITE_AFTER_END' });
      assert.equal((await drained(client)).toString(), 'fine');
    });

    it('write() after a close of ours rejects with ERR_STREAM_DESTROYED', async (t) => {
      const { to } = await serving(t, makeEngine(), (connection) => drained(connection));
      const client = await open(to);
      await client.close();
      await assert.rejects(client.write('late'), { code: 'ERR_STREAM_DESTROYED' });
      await assert.rejects(client.writev([pattern(5)]), { code: 'ERR_STREAM_DESTROYED' });
    });

    it('end() is seen as the end of input while the other direction goes on', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const lines = await collected(connection.lines());
        await connection.write(`${lines.length} lines\n`);
      });
      await using client = await open(to);
      await client.write('a\nb\nc\n');
      client.end();
      assert.equal(await client.readLine(), '3 lines');
      assert.equal(await client.readLine(), null);
    });

    it('a connection that both sides have ended closes by itself', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        connection.end();
        await drained(connection);
        assert.equal(await connection.closed, null);
      });
      const client = await open(to);
      await drained(client);
      assert.equal(client.transport.isClosing, false);
      client.end();
      assert.equal(await client.closed, null);
    });
  });
}

for (const engine of kernelEngines) {
  describe(`writing to a peer that is gone, on the ${engine} engine`, () => {
    it('rejects a writer that waits, with the error of the loss', async (t) => {
      const { promise, give } = promised<unknown>();
      const { server, errors } = await serving(t, engine, async (connection) => {
        const error = await connection.write(Buffer.alloc(LARGE)).catch((reason) => reason);
        give(error);
        await assert.rejects(connection.write('late'), error);
        assert.equal(await connection.closed, error);
        throw error;
      });
      const client = await bareClient(t, server);
      await once(client, 'readable');
      client.resetAndDestroy();
      const error = (await promise) as NodeJS.ErrnoException;
      assert.match(String(error.code), /^(ECONNRESET|EPIPE)$/);
      assert.match(String(error.syscall), /^(read|write)$/);
      assert.ok(Number(error.errno) < 0);
      assert.deepEqual(errors, []);
    });

    it('a write and a read that nobody awaits do not end the process', async (t) => {
      const { promise, give } = promised<Error | null>();
      const { server } = await serving(t, engine, async (connection) => {
        void connection.write(Buffer.alloc(LARGE));
        void connection.readExactly(100);
        give(await connection.closed);
      });
      const client = await bareClient(t, server);
      await once(client, 'readable');
      client.resetAndDestroy();
      assert.notEqual(await promise, null);
    });
  });
}

describe('writing to a peer that is gone', () => {
  it('rejects with the error that the send itself met: the native engine sends large writes at once', async (t) => {
    const { promise, give } = promised<Connection>();
    const { server } = await serving(t, 'native', async (connection) => {
      give(connection);
      await connection.closed;
    });
    const client = await bareClient(t, server);
    const connection = await promise;
    client.resetAndDestroy();
    const error = await connection.write(Buffer.alloc(100_000)).catch((reason) => reason);
    assert.match(String(error.code), /^(ECONNRESET|EPIPE)$/);
    assert.equal(await connection.closed, error);
  });
});
