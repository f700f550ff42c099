import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { TransformStream } from 'node:stream/web';
import { describe, it } from 'node:test';
import { open } from 'hawser/streams';
import { drained, engines, pattern, promised, serving } from './stage.js';

for (const [name, makeEngine] of Object.entries(engines)) {
  describe(`web streams on the ${name} engine`, () => {
    it('readable pipes through a transform into writable', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        assert.equal(connection.readable, connection.readable);
        const invert = new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => controller.enqueue(chunk.map((byte) => 255 - byte)),
        });
        await connection.readable.pipeThrough(invert).pipeTo(connection.writable);
      });
      await using client = await open(to);
      const sent = pattern(500_000);
      const writing = client.write(sent).then(() => client.end());
      const expected = Buffer.from(sent.map((byte) => 255 - byte));
      assert.ok((await drained(client)).equals(expected));
      await writing;
    });

    it('writable accepts text, waits for the peer, and closing it ends the output', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const writer = connection.writable.getWriter();
        for (let i = 0; i < 100; i++) await writer.write('x'.repeat(10_000));
        await writer.close();
        await drained(connection);
      });
      await using client = await open(to);
      assert.equal((await text(client.readable)).length, 1_000_000);
    });

    it('cancelling readable closes the connection', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        await connection.write('unwanted');
        await drained(connection);
      });
      const client = await open(to);
      const reader = client.readable.getReader();
      await reader.read();
      await reader.cancel();
      assert.equal(await client.closed, null);
    });

    it('aborting writable drops what is not sent', async (t) => {
      const sent = pattern(20_000_000);
      const aborted = promised<void>();
      const received = promised<number>();
      const { to } = await serving(t, makeEngine(), async (connection) => {
        await aborted.promise;
        let count = 0;
        for await (const chunk of connection) count += chunk.length;
        received.give(count);
      });
      const client = await open(to);
      const writer = client.writable.getWriter();
      await Promise.all([
        assert.rejects(writer.write(sent)),
        assert.rejects(writer.closed),
        writer.abort(new Error('enough')),
      ]);
      assert.equal(await client.closed, null);
      aborted.give();
      assert.ok((await received.promise) < sent.length);
    });

    it('writable is in error as soon as the connection is over', async (t) => {
      const failed = promised<unknown>();
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const writer = connection.writable.getWriter();
        connection.abort();
        failed.give(await writer.closed.catch((error: unknown) => error));
      });
      const client = await open(to);
      assert.equal(((await failed.promise) as NodeJS.ErrnoException).code, 'ERR_STREAM_DESTROYED');
      await Promise.allSettled([drained(client)]);
      await client.close();
    });
  });
}
