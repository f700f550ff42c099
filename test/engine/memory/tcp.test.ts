import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect, createServer, type Protocol } from 'hawser';
import { createMemoryNetwork, type MemoryNetwork, type MemoryPeer } from 'hawser/testing';
import { ipAddress, unixAddress } from '#hawser/address';

/** Two bare ends of a connection on a network where nothing is left to chance. */
async function pair(options = {}): Promise<[MemoryPeer, MemoryPeer, MemoryNetwork]> {
  const network = createMemoryNetwork({ chunks: 'whole', maxDelayMs: 0, ...options });
  const listener = network.listenPeer(ipAddress('127.0.0.1', 0));
  const client = await network.connectPeer(listener.address);
  const server = await listener.accept();
  listener.close();
  return [client, server, network];
}

const ignoring = (): Protocol => ({ dataReceived() {} });

describe('closing, as Linux does it', () => {
  test('close() after reading everything is FIN', async () => {
    const [client, server] = await pair();
    await client.send('bye');
    await server.expect('bye');
    client.close();
    await server.expectEnd();
  });

  test('close() with unread input is RST, after the data that has arrived', async () => {
    const [client, server, network] = await pair();
    client.pause();
    await server.send('unread');
    await network.idle();
    await client.send('reply');
    await network.idle();
    client.close();
    await server.expectReset();
    assert.equal(String(server.received), 'reply');
  });

  test('RST is seen after queued data, once; then sending is EPIPE', async () => {
    const [client, server, network] = await pair();
    server.pause();
    await client.send('queued');
    await network.idle();
    client.reset();
    await network.idle();
    server.resume();
    await server.expectReset();
    assert.equal(String(server.received), 'queued');
    assert.equal(server.error?.syscall, 'read');
  });

  test('a send that meets the reset first takes the error away from reading', async () => {
    const [client, server, network] = await pair();
    server.pause();
    await client.send('queued');
    await network.idle();
    client.reset();
    await network.idle();
    await assert.rejects(server.send('x'), /ECONNRESET/);
    assert.equal(server.error?.syscall, 'write');
  });

  test('writing to a peer that has closed: the first write goes, the next is EPIPE', async () => {
    const [client, server, network] = await pair();
    client.close();
    await server.expectEnd();
    await server.send('first');
    await network.idle();
    await assert.rejects(server.send('second'), /EPIPE/);
  });

  test('after FIN the other direction goes on', async () => {
    const [client, server] = await pair();
    client.end();
    await server.expectEnd();
    await server.send('still here');
    await client.expect('still here');
  });

  test('a reset drops what the receiver had no room for', async () => {
    const [client, server, network] = await pair({ receiveBufferBytes: 1000 });
    server.pause();
    client.write(Buffer.alloc(5000));
    client.reset();
    await network.idle();
    server.resume();
    await server.expectReset();
    assert.equal(server.received.length, 1000);
  });

  test('on a unix socket a reset is FIN: there is no RST to send', async () => {
    const network = createMemoryNetwork();
    const listener = network.listenPeer(unixAddress('/run/name'));
    const client = await network.connectPeer(listener.address);
    const server = await listener.accept();
    client.reset();
    await server.expectEnd();
  });
});

describe('back-pressure', () => {
  test('a reader that stops fills its buffer, then the sender’s, then the sender waits', async () => {
    const [client, server, network] = await pair({
      sendBufferBytes: 3000,
      receiveBufferBytes: 2000,
    });
    server.pause();
    client.write(Buffer.alloc(10_000));
    await network.idle();
    assert.equal(client.unsentBytes, 5000);
    server.resume();
    await network.idle();
    assert.equal(client.unsentBytes, 0);
    assert.equal(server.received.length, 10_000);
  });

  test('SO_SNDBUF makes the send buffer smaller', async () => {
    const network = createMemoryNetwork({ chunks: 'whole', maxDelayMs: 0 });
    const server = await createServer(ignoring, {
      engine: network.engine,
      host: '127.0.0.1',
      connectionOptions: { SO_SNDBUF: 10_000 },
    });
    const peer = await network.connectPeer(server.addresses[0]!, { paused: true });
    await network.idle();
    const [transport] = server.transports;
    transport!.write(Buffer.alloc(200_000));
    await network.idle();
    assert.equal(transport!.socket.get('SO_SNDBUF'), 20_000);
    assert.equal(transport!.writeBufferSize, 200_000 - 64 * 1024 - 10_000);
    peer.reset();
    await server.close();
  });
});

describe('a line that is cut', () => {
  test('lets a sender wait for its acknowledgement for 15 minutes, then it is ETIMEDOUT', async () => {
    const [client, , network] = await pair();
    client.cut();
    await client.send('into the void');
    await network.advance(900_000);
    assert.equal(client.error, null);
    await network.advance(60_000);
    assert.equal((client.error as (Error & { code: string }) | null)?.code, 'ETIMEDOUT');
  });

  test('is never noticed by somebody who only waits', async () => {
    const [client, server, network] = await pair();
    client.cut();
    await network.advance(86_400_000);
    assert.equal(client.error, null);
    assert.equal(server.error, null);
  });

  test('is noticed by keep-alive, after idle + count × interval seconds', async () => {
    const network = createMemoryNetwork();
    const lost: unknown[] = [];
    const server = await createServer(
      () => ({ dataReceived() {}, connectionLost: (error) => lost.push(error) }),
      {
        engine: network.engine,
        host: '127.0.0.1',
        connectionOptions: {
          SO_KEEPALIVE: true,
          TCP_KEEPIDLE: 10,
          TCP_KEEPINTVL: 5,
          TCP_KEEPCNT: 2,
        },
      },
    );
    const peer = await network.connectPeer(server.addresses[0]!);
    await network.idle();
    peer.cut();
    await network.advance(19_900);
    assert.equal(lost.length, 0);
    await network.advance(200);
    assert.equal((lost[0] as NodeJS.ErrnoException).code, 'ETIMEDOUT');
    assert.equal(server.stats().closedBy.timeout, 1);
    await server.close();
    network.stop();
  });
});

test('keep-alive does not ask while bytes wait for their acknowledgement', async () => {
  const network = createMemoryNetwork();
  const server = await createServer(ignoring, {
    engine: network.engine,
    host: '127.0.0.1',
    connectionOptions: { SO_KEEPALIVE: true, TCP_KEEPIDLE: 10, TCP_KEEPINTVL: 5, TCP_KEEPCNT: 2 },
  });
  const peer = await network.connectPeer(server.addresses[0]!);
  await network.idle();
  peer.cut();
  for (const transport of server.transports) transport.write('anybody there?');
  await network.advance(900_000);
  assert.equal(server.transports.size, 1);
  await network.advance(60_000);
  assert.equal(server.transports.size, 0);
  network.stop();
});

describe('connecting', () => {
  test('to nobody is ECONNREFUSED, to a missing name ENOENT, to an unknown host EHOSTUNREACH', async () => {
    const network = createMemoryNetwork();
    const to = (address: Parameters<typeof network.connectPeer>[0]) => network.connectPeer(address);
    await assert.rejects(to(ipAddress('127.0.0.1', 5)), {
      code: 'ECONNREFUSED',
      message: 'connect ECONNREFUSED 127.0.0.1:5',
    });
    await assert.rejects(to(unixAddress('/none')), { code: 'ENOENT' });
    await assert.rejects(to(unixAddress('\0none')), { code: 'ECONNREFUSED' });
    await assert.rejects(to(ipAddress('192.0.2.1', 5)), { code: 'EHOSTUNREACH' });
  });

  test('a full accept queue lets the client try again after 1 s, 3 s, …', async () => {
    const network = createMemoryNetwork({ maxDelayMs: 0 });
    const server = await createServer(ignoring, {
      engine: network.engine,
      host: '127.0.0.1',
      backlog: 1,
    });
    server.suspend();
    const [address] = server.addresses;
    await Promise.all([network.connectPeer(address!), network.connectPeer(address!)]);
    let isThere = false;
    const third = network.connectPeer(address!).then(() => {
      isThere = true;
    });
    await network.idle();
    server.resume();
    await network.advance(900);
    assert.equal(isThere, false);
    await network.advance(200);
    await third;
    assert.equal(server.transports.size, 3);
    network.stop();
  });

  test('a queue that stays full is ETIMEDOUT after 127 s', async () => {
    const network = createMemoryNetwork({ maxDelayMs: 0 });
    const listener = network.listenPeer(ipAddress('127.0.0.1', 0));
    for (let i = 0; i < 512; i++) await network.connectPeer(listener.address);
    let error: NodeJS.ErrnoException | null = null;
    network.connectPeer(listener.address).catch((reason) => {
      error = reason;
    });
    await network.advance(126_900);
    assert.equal(error, null);
    await network.advance(200);
    assert.equal((error as NodeJS.ErrnoException | null)?.code, 'ETIMEDOUT');
  });

  test('an abort signal gives up an attempt, and nothing of it is left', async () => {
    const network = createMemoryNetwork({ maxDelayMs: 0 });
    const listener = network.listenPeer(ipAddress('127.0.0.1', 0));
    const stop = new AbortController();
    const attempt = connect(ignoring, {
      engine: network.engine,
      host: '127.0.0.1',
      port: (listener.address as { port: number }).port,
      signal: stop.signal,
    });
    stop.abort(new Error('enough'));
    await assert.rejects(attempt, /enough/);
    listener.close();
    await network.idle();
    assert.equal(network.openSockets, 0);
  });

  test('an abort signal gives up an attempt that the other end has answered already', async () => {
    const network = createMemoryNetwork({ seed: 4 });
    const listener = network.listenPeer(ipAddress('127.0.0.1', 0));
    const stop = new AbortController();
    const { port } = listener.address as { port: number };
    const options = { engine: network.engine, host: '127.0.0.1', port, signal: stop.signal };
    const refused = assert.rejects(connect(ignoring, options), /enough/);
    const server = await listener.accept();
    stop.abort(new Error('enough'));
    await refused;
    await server.expectEnd();
    server.close();
    listener.close();
    assert.equal(network.openSockets, 0);
  });

  test('a listener that closes resets who waits in its queue', async () => {
    const network = createMemoryNetwork();
    const listener = network.listenPeer(ipAddress('127.0.0.1', 0));
    const peer = await network.connectPeer(listener.address);
    listener.close();
    await peer.expectReset();
  });

  test('a peer that resets while it waits is accepted, and the reset is seen then', async () => {
    const network = createMemoryNetwork();
    const listener = network.listenPeer(ipAddress('127.0.0.1', 0));
    const client = await network.connectPeer(listener.address);
    client.reset();
    await network.idle();
    const server = await listener.accept();
    assert.equal(String(server.remoteAddress), String(client.localAddress));
    await server.expectReset();
  });
});
