import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type Connection, IncompleteReadError, open, serve } from 'hawser/streams';
import { bareClient, drained, engines, kernelEngines, promised, serving, until } from './stage.js';

for (const [name, makeEngine] of Object.entries(engines)) {
  describe(`a handler on the ${name} engine`, () => {
    it('that returns closes in order, after everything it wrote', async (t) => {
      const size = 3_000_000;
      const { to, server } = await serving(t, makeEngine(), (connection) => {
        void connection.write(Buffer.alloc(size, 'x'));
      });
      await using client = await open(to);
      assert.equal((await drained(client)).length, size);
      await client.close();
      assert.equal(server.stats().callbackErrors, 0);
    });

    it('that throws loses its own connection only, and is reported', async (t) => {
      const { to, errors } = await serving(t, makeEngine(), async (connection) => {
        const line = await connection.readLine();
        if (line === 'throw') throw new Error('planned');
        await connection.write(`${line}\n`);
        await connection.readLine();
      });
      await using bystander = await open(to);
      await bystander.write('hello\n');
      assert.equal(await bystander.readLine(), 'hello');
      const client = await open(to);
      await client.write('throw\n');
      await Promise.allSettled([drained(client)]);
      await client.close();
      assert.deepEqual(
        errors.map((error) => error.message),
        ['planned'],
      );
      assert.equal(bystander.transport.isClosing, false);
      bystander.end();
      assert.equal(await bystander.readLine(), null);
    });

    it('that throws before its first await is reported too', async (t) => {
      const { to, errors, server } = await serving(t, makeEngine(), () => {
        throw new Error('at once');
      });
      const client = await open(to);
      await Promise.allSettled([drained(client)]);
      await client.close();
      assert.equal(errors[0]?.message, 'at once');
      assert.equal(server.stats().closedBy['protocol-error'], 1);
    });

    it('that was reading when the server closes its connection goes down without a report', async (t) => {
      const { promise, give } = promised<unknown>();
      const { to, errors, server } = await serving(t, makeEngine(), async (connection) => {
        await connection.readExactly(1);
        server.closeTransports();
        try {
          await connection.readExactly(4);
        } catch (error) {
          give(error);
          throw error;
        }
      });
      await using client = await open(to);
      await client.write('x');
      const error = await promise;
      assert.ok(error instanceof IncompleteReadError);
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'ERR_STREAM_DESTROYED');
      await drained(client);
      assert.deepEqual(errors, []);
    });

    it('hears of the end through closed and signal, whenever it asks', async (t) => {
      const { promise, give } = promised<Connection>();
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const { signal, closed } = connection;
        assert.equal(connection.signal, signal);
        assert.equal(signal.aborted, false);
        await connection.read();
        connection.abort();
        assert.equal(await closed, null);
        assert.ok(signal.aborted);
        assert.ok(signal.reason instanceof Error);
        give(connection);
      });
      const client = await open(to);
      await client.write('x');
      const connection = await promise;
      assert.equal(await connection.closed, null);
      await Promise.allSettled([drained(client)]);
      await client.close();
      assert.ok(client.signal.aborted);
      assert.notEqual(client.remoteAddress.toString(), client.localAddress.toString());
    });

    it('await using closes the connection and waits for that', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        await connection.write(await drained(connection));
      });
      let kept: Connection;
      {
        await using client = await open(to);
        kept = client;
        await client.write('x');
      }
      assert.ok(kept.transport.isClosing);
      assert.equal(await kept.closed, null);
    });
  });
}

for (const engine of kernelEngines) {
  describe(`a handler whose peer resets, on the ${engine} engine`, () => {
    it('gets what was buffered first, then the error, and goes down without a report', async (t) => {
      const { promise, give } = promised<unknown>();
      const { server, errors } = await serving(t, engine, async (connection) => {
        const { signal, closed } = connection;
        await connection.readExactly(1);
        const error = await closed;
        assert.equal(signal.reason, error);
        assert.equal((await connection.read())?.toString(), 'bc');
        give(await connection.read().catch((reason) => reason));
        assert.equal((await promise) as Error, error);
        await connection.readLine();
      });
      const client = await bareClient(t, server);
      client.write('abc');
      await until(() => server.stats().bytesRead === 3);
      client.resetAndDestroy();
      const error = (await promise) as NodeJS.ErrnoException;
      assert.equal(error.code, 'ECONNRESET');
      assert.equal(error.syscall, 'read');
      assert.deepEqual(errors, []);
    });

    it('a reply written before the return arrives although input was left unread', async (t) => {
      const { server } = await serving(t, engine, async (connection) => {
        await connection.readLine();
        await connection.write('reply\n');
      });
      const client = await bareClient(t, server);
      client.write('request\nand much more\n');
      const [reply] = await Promise.all([text(client), once(client, 'end')]);
      assert.equal(reply, 'reply\n');
      client.end();
    });
  });
}

describe('the arguments of serve() and open()', () => {
  it('are refused with what would be right', async () => {
    await assert.rejects(serve(null as never), /handler must be a function; got object/);
    await assert.rejects(
      serve(() => {}, { readLimit: 0 }),
      /readLimit must be an integer from 1 to \d+; got 0/,
    );
    await assert.rejects(open({ port: 1, readLimit: Number.NaN }), /readLimit .* got NaN/);
  });

  it('open() rejects as connect() does', async () => {
    await assert.rejects(open({ host: '127.0.0.1', port: 1 }), { code: 'ECONNREFUSED' });
  });
});
