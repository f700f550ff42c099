import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lengthPrefixed, lines as linesCodec, RemoteProtocolError } from 'hawser/codecs';
import { type Connection, LimitOverrunError, open } from 'hawser/streams';
import { collected, engines, pattern, serving } from './stage.js';

for (const [name, makeEngine] of Object.entries(engines)) {
  describe(`loops on the ${name} engine`, () => {
    it('for await gives every byte in order and ends with the input', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        for await (const chunk of connection) await connection.write(chunk);
      });
      await using client = await open(to);
      const sent = pattern(1_000_000);
      const writing = client.write(sent).then(() => client.end());
      assert.ok((await client.readExactly(sent.length)).equals(sent));
      assert.equal(await client.read(), null);
      await writing;
    });

    it('leaving a loop closes nothing, and reading goes on behind it', async (t) => {
      const { to } = await serving(t, makeEngine(), async (connection) => {
        for await (const line of connection.lines()) {
          if (line === '') break;
          await connection.write(`header ${line}\n`);
        }
        await connection.write(`body ${(await connection.readExactly(4)).toString()}\n`);
      });
      await using client = await open(to);
      client.write('a\r\nb\r\n\r\nbody');
      const replies = await collected(client.lines());
      assert.deepEqual(replies, ['header a', 'header b', 'body body']);
    });

    it('lines() refuses a line above the read limit', async (t) => {
      const { to, errors } = await serving(
        t,
        makeEngine(),
        async (connection) => {
          for await (const line of connection.lines()) await connection.write(`${line}\n`);
        },
        { readLimit: 100 },
      );
      await using client = await open(to);
      client.write(`short\n${'x'.repeat(101)}\n`);
      const outcome = await collected(client.lines()).catch((error: unknown) => error);
      assert.ok(outcome !== undefined);
      assert.equal(errors.length, 1);
      assert.ok(errors[0] instanceof LimitOverrunError);
    });

    it('frames() gives the messages of a codec, and encode() is sent with writev()', async (t) => {
      const codec = () => lengthPrefixed({ limit: 100_000 });
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const mine = codec();
        for await (const message of connection.frames(mine)) {
          await connection.writev(mine.encode(Buffer.from(message).reverse()));
        }
      });
      await using client = await open(to);
      const theirs = codec();
      const messages = [Buffer.alloc(0), pattern(7), pattern(70_000), pattern(1)];
      for (const message of messages) void client.writev(theirs.encode(message));
      client.end();
      const replies = await collected(client.frames(theirs));
      assert.deepEqual(
        replies,
        messages.map((message) => Buffer.from(message).reverse()),
      );
    });

    it('frames() of the same codec goes on where the last loop was left', async (t) => {
      const seen: string[] = [];
      const { to } = await serving(t, makeEngine(), async (connection) => {
        const codec = linesCodec({ limit: 100 });
        for await (const line of connection.frames(codec)) {
          seen.push(line);
          break;
        }
        for await (const line of connection.frames(codec)) seen.push(line);
      });
      const client = await open(to);
      client.write('one\ntwo\nthree\n');
      client.end();
      await client.closed;
      assert.deepEqual(seen, ['one', 'two', 'three']);
    });

    it('frames() throws what the codec throws, also at the end of input', async (t) => {
      const outcome = async (connection: Connection) => {
        const codec = lengthPrefixed({ limit: 10 });
        for await (const message of connection.frames(codec)) await connection.write(message);
      };
      const { to, errors } = await serving(t, makeEngine(), outcome);
      const tooLong = await open(to);
      tooLong.write(Buffer.from('000000ff', 'hex'));
      await Promise.allSettled([collected(tooLong)]);
      await tooLong.close();
      const cutShort = await open(to);
      cutShort.write(Buffer.from('0000000461', 'hex'));
      cutShort.end();
      await cutShort.closed;
      assert.deepEqual(
        errors.map((error) => (error as RemoteProtocolError).code),
        ['ERR_MESSAGE_TOO_LONG', 'ERR_MESSAGE_TRUNCATED'],
      );
      assert.ok(errors.every((error) => error instanceof RemoteProtocolError));
    });
  });
}
