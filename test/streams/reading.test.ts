import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { EngineChoice } from 'hawser';
import {
  type Connection,
  IncompleteReadError,
  LimitOverrunError,
  open,
  type ServeOptions,
} from 'hawser/streams';
import { engines, pattern, promised, serving, until } from './stage.js';

/** A client, and the server's side of its connection, which stays open until the client has closed. */
async function pair(t: TestContext, engine: EngineChoice, options: ServeOptions = {}) {
  const { promise, give } = promised<Connection>();
  const { to } = await serving(
    t,
    engine,
    async (connection) => {
      give(connection);
      await connection.closed;
    },
    options,
  );
  const client = await open(to);
  t.after(() => client.close());
  return { client, connection: await promise };
}

for (const [name, makeEngine] of Object.entries(engines)) {
  describe(`reading on the ${name} engine`, () => {
    it('read() gives what arrived, then null for ever', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      client.write('hello');
      client.end();
      const parts: Buffer[] = [];
      for (let part = await connection.read(); part !== null; part = await connection.read()) {
        parts.push(part);
      }
      assert.equal(Buffer.concat(parts).toString(), 'hello');
      assert.equal(await connection.read(), null);
      connection.abort();
    });

    it('read(max) gives at most that much and keeps the rest', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      client.write('abcdef');
      assert.equal((await connection.readExactly(1)).toString(), 'a');
      assert.equal((await connection.read(1))?.toString(), 'b');
      assert.equal((await connection.readExactly(4)).toString(), 'cdef');
      connection.abort();
    });

    it('readExactly() joins what arrives in many pieces', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      const sent = pattern(300_000);
      const reading = connection.readExactly(sent.length);
      for (let at = 0; at < sent.length; at += 999) await client.write(sent.subarray(at, at + 999));
      assert.ok((await reading).equals(sent));
      assert.equal((await connection.readExactly(0)).length, 0);
      connection.abort();
    });

    it('readExactly() rejects with the partial bytes when the input ends before', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      client.write('abc');
      client.end();
      await assert.rejects(connection.readExactly(4), (error) => {
        assert.ok(error instanceof IncompleteReadError);
        assert.equal(error.code, 'ERR_INCOMPLETE_READ');
        assert.equal(error.partial.toString(), 'abc');
        assert.equal(error.expected, 4);
        assert.match(error.message, /ended after 3 bytes; 4 bytes expected/);
        return true;
      });
      assert.equal(await connection.read(), null);
      connection.abort();
    });

    it('readUntil() gives everything through the delimiter, wherever it is cut', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      for (const byte of 'one--two--end--three') await client.write(byte);
      client.end();
      assert.equal((await connection.readUntil('--end--')).toString(), 'one--two--end--');
      await assert.rejects(connection.readUntil(Buffer.from('--')), (error) => {
        assert.ok(error instanceof IncompleteReadError);
        assert.equal(error.partial.toString(), 'three');
        assert.equal(error.expected, null);
        return true;
      });
      connection.abort();
    });

    it('readUntil() refuses more than the limit before the delimiter, and keeps it', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      client.write('123456\r\n');
      await assert.rejects(connection.readUntil('\r\n', { limit: 5 }), (error) => {
        assert.ok(error instanceof LimitOverrunError);
        assert.equal(error.code, 'ERR_LIMIT_OVERRUN');
        assert.equal(error.limit, 5);
        assert.ok(error.consumed === 6, `consumed ${error.consumed}`);
        return true;
      });
      const line = await connection.readUntil('\r\n', { limit: 6 });
      assert.equal(line.toString(), '123456\r\n');
      connection.abort();
    });

    it('readUntil() refuses a delimiter that does not come', async (t) => {
      const { client, connection } = await pair(t, makeEngine(), { readLimit: 1000 });
      void client.write(Buffer.alloc(5000, 'x'));
      const error = await connection.readUntil('\n').catch((reason) => reason);
      assert.ok(error instanceof LimitOverrunError);
      assert.ok(error.consumed > 1000);
      assert.equal((await connection.readExactly(error.consumed)).length, error.consumed);
      connection.abort();
    });

    it('readLine() takes LF and CRLF, and a last line without', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      client.write('grün\r\n\n\r\nlast\r');
      client.end();
      assert.equal(await connection.readLine(), 'grün');
      assert.equal(await connection.readLine(), '');
      assert.equal(await connection.readLine(), '');
      assert.equal(await connection.readLine(), 'last\r');
      assert.equal(await connection.readLine(), null);
      connection.abort();
    });

    it('readInto() fills the front of a buffer, and gives 0 at the end', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      client.write('abcdef');
      client.end();
      const target = Buffer.alloc(4, '.');
      const count = await connection.readInto(target);
      assert.ok(count >= 1 && count <= 4);
      assert.equal(target.toString(), 'abcd'.slice(0, count).padEnd(4, '.'));
      await connection.readExactly(6 - count);
      assert.equal(await connection.readInto(target), 0);
      await assert.rejects(connection.readInto(new Uint8Array(0)), RangeError);
      connection.abort();
    });

    it('a read that begins while another waits is refused, and does not disturb it', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      const first = connection.readExactly(2);
      await assert.rejects(connection.read(), { code: 'ERR_READ_PENDING' });
      await assert.rejects(connection.readLine(), { code: 'ERR_READ_PENDING' });
      client.write('ok');
      assert.equal((await first).toString(), 'ok');
      connection.abort();
    });

    it('wrong arguments reject and say what would be right', async (t) => {
      const { connection } = await pair(t, makeEngine());
      await assert.rejects(connection.read(0), /max must be an integer from 1 to \d+; got 0/);
      await assert.rejects(connection.readExactly(-1), RangeError);
      await assert.rejects(connection.readExactly(1.5), RangeError);
      await assert.rejects(connection.readUntil(''), /at least|1 byte or more/);
      await assert.rejects(connection.readUntil('\n', { limit: Number.NaN }), RangeError);
      await assert.rejects(connection.readInto('text' as never), TypeError);
      connection.abort();
    });

    it('a peer that is not read from is stopped at twice the read limit', async (t) => {
      const readLimit = 10_000;
      const { client, connection } = await pair(t, makeEngine(), { readLimit });
      const sent = pattern(2_000_000);
      const writing = client.write(sent);
      assert.ok((await connection.read(1))?.length === 1);
      await until(() => !connection.transport.isReading);
      const buffered = connection.transport.bytesRead - 1;
      assert.ok(buffered > 2 * readLimit && buffered <= 2 * readLimit + 65536, `${buffered} bytes`);
      assert.ok((await connection.readExactly(sent.length - 1)).equals(sent.subarray(1)));
      await writing;
      connection.abort();
    });

    it('reading goes on at the limit, not before', async (t) => {
      const readLimit = 1000;
      const { client, connection } = await pair(t, makeEngine(), { readLimit });
      void client.write(pattern(5000));
      await until(() => !connection.transport.isReading);
      await connection.readExactly(connection.transport.bytesRead - readLimit - 1);
      assert.equal(connection.transport.isReading, false);
      await connection.readExactly(1);
      assert.equal(connection.transport.isReading, true);
      connection.abort();
    });

    it('a chunk that was given out is never written to again', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      client.write('first');
      const first = await connection.readExactly(3);
      for (let i = 0; i < 50; i++) await client.write('#');
      const second = await connection.readExactly(52);
      assert.equal(first.toString(), 'fir');
      assert.equal(second.toString(), `st${'#'.repeat(50)}`);
      connection.abort();
    });

    it('what arrived before a close of ours can still be read, then comes the end', async (t) => {
      const { client, connection } = await pair(t, makeEngine());
      client.write('abcd');
      await connection.readExactly(1);
      await until(() => connection.transport.bytesRead === 4);
      void connection.close();
      assert.equal((await connection.readExactly(3)).toString(), 'bcd');
      assert.equal(await connection.read(), null);
      await assert.rejects(connection.readExactly(1), IncompleteReadError);
    });
  });
}
