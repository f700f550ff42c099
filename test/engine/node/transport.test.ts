import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NodeEngine } from '#hawser/engine/node/engine';
import { binding, connectTo, needsAddon, nextTurn, serve, untilTrue } from './connections.js';

describe('a transport on node:net', () => {
  test('sends what one turn wrote as one segment', needsAddon, async () => {
    await using served = await serve({ engine: new NodeEngine(binding) });
    const client = await connectTo(served.server.addresses[0]);
    client.write('x');
    await served.until(0, ({ text }) => text === 'x');
    const { transport } = served.recorders[0]!;
    for (const text of ['one', 'two', 'three']) transport.write(text);
    const [data] = await once(client, 'data');
    assert.equal(String(data), 'onetwothree');
    assert.equal(transport.socket.tcpInfo().dataSegsOut, 1);
    client.destroy();
  });

  test(
    'that is paused reads nothing ahead, and tells of a reset after the data before it',
    needsAddon,
    async () => {
      await using served = await serve({});
      const client = await connectTo(served.server.addresses[0]);
      client.write('x');
      await served.until(0, ({ text }) => text === 'x');
      const recorder = served.recorders[0]!;
      recorder.transport.pauseReading();
      const { fd } = recorder.transport.socket;
      client.write(Buffer.alloc(100_000, 'x'));
      await untilTrue(() => client.writableLength === 0);
      client.resetAndDestroy();
      await once(client, 'close');
      for (let i = 0; i < 3; i++) await nextTurn();
      assert.equal(binding!.unread(fd), 100_000);
      assert.equal(recorder.lost, undefined);
      recorder.transport.resumeReading();
      await served.until(0, ({ lost }) => lost !== undefined);
      assert.equal(recorder.text.length, 100_001);
      assert.equal((served.recorders[0]!.lost as NodeJS.ErrnoException).code, 'ECONNRESET');
    },
  );

  test('counts a write to the byte while the kernel has part of it', async () => {
    await using served = await serve({});
    const client = await connectTo(served.server.addresses[0]);
    client.write('x');
    await served.until(0, ({ text }) => text === 'x');
    const { transport } = served.recorders[0]!;
    const written = 30_000_000;
    transport.write(Buffer.alloc(written));
    let before = -1;
    await untilTrue(() => {
      const isStuck = transport.bytesWritten === before;
      before = transport.bytesWritten;
      return isStuck;
    });
    assert.equal(transport.bytesWritten + transport.writeBufferSize, written);
    transport.abort();
    let received = 0;
    client.on('data', (chunk) => {
      received += chunk.length;
    });
    await once(client, 'end');
    assert.equal(transport.bytesWritten, received);
    assert.equal(transport.writeBufferSize, 0);
    client.destroy();
  });

  test('can be reset after its own FIN', async () => {
    await using served = await serve({});
    const client = await connectTo(served.server.addresses[0]);
    client.write('x');
    await served.until(0, ({ text }) => text === 'x');
    const recorder = served.recorders[0]!;
    recorder.transport.writeEof();
    await once(client.resume(), 'end');
    recorder.transport.reset();
    await recorder.until(({ lost }) => lost !== undefined);
    assert.equal(recorder.lost, null);
    client.destroy();
  });

  test('keeps the process alive while it neither reads nor writes', async () => {
    await using served = await serve({}, (transport) => transport.write('hello'));
    const [address] = served.server.addresses;
    assert.ok(address !== undefined && address.family !== 'unix');
    const script = fileURLToPath(new URL('./paused-client.js', import.meta.url));
    const child = spawn(process.execPath, [script, String(address.port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    const [code] = await once(child, 'close');
    assert.equal(String(Buffer.concat(output)), 'received hello after a pause\n');
    assert.equal(code, 0);
  });
});
