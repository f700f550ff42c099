import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, fstatSync, linkSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import {
  createServer as createNetServer,
  type ListenOptions,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { connect, createServer, explainEngine } from 'hawser';
import { ChildProgram, type Passed } from './child-program.js';
import { without } from './commands.js';
import { echo, engines, exchange, portOf, rawClient } from './echo.js';

const folder = mkdtempSync(join(tmpdir(), 'hawser-adopt-'));
const withoutAddon = explainEngine().name === 'native' ? false : explainEngine().reason;
const withoutIPv6 =
  spawnSync('cat', ['/proc/net/if_inet6']).stdout.length === 0 && 'there is no IPv6';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
after(() => rmSync(folder, { recursive: true }));
let nextName = 0;

function freshPath(): string {
  nextName += 1;
  return join(folder, `${nextName}.sock`);
}

function program(
  source: string,
  descriptors?: readonly Passed[],
  command?: string[],
): ChildProgram {
  const child = new ChildProgram(source, descriptors, command);
  cleanups.push(() => child.end());
  return child;
}

/** A listener of node:net whose connections echo, unless another process takes them. */
async function listening(options: ListenOptions): Promise<Server> {
  const server = createNetServer((socket) => socket.pipe(socket));
  server.listen(options);
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return server;
}

function addressText(server: Server): string {
  const address = server.address();
  assert.ok(address !== null);
  if (typeof address === 'string') return address;
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}

/** How to reach it when its owner is closed: node:net removes the file of a path that it closes, but no other link. */
function targetBesides(server: Server): NetConnectOpts {
  const address = server.address();
  assert.ok(address !== null);
  if (typeof address !== 'string') return { host: address.address, port: address.port };
  const path = `${address}.link`;
  linkSync(address, path);
  return { path };
}

/** The descriptor of a socket of node:net. */
function descriptorOf(owner: unknown): number {
  return (owner as { _handle: { fd: number } })._handle.fd;
}

/** The descriptors of this process that are sockets. */
function sockets(): number[] {
  const { stdout } = spawnSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' });
  return [...stdout.matchAll(/ (\d+) -> socket:/g)].map(([, fd]) => Number(fd));
}

/** A connected pair: what a child is given, and our end. */
async function connectedPair(options: ListenOptions): Promise<{ passed: Socket; ours: Socket }> {
  const server = createNetServer({ allowHalfOpen: true });
  server.listen(options);
  await once(server, 'listening');
  const accepting = once(server, 'connection');
  const address = server.address();
  assert.ok(address !== null);
  const passed = await rawClient(
    typeof address === 'string' ? { path: address } : { host: address.address, port: address.port },
  );
  const [ours] = (await accepting) as [Socket];
  server.close();
  cleanups.push(
    () => ours.destroy(),
    () => passed.destroy(),
  );
  return { passed, ours };
}

/** Where the three kinds of listener are. */
const places = {
  IPv4: { place: () => ({ host: '127.0.0.1', port: 0 }), skip: false },
  IPv6: { place: () => ({ host: '::1', port: 0 }), skip: withoutIPv6 },
  unix: { place: () => ({ path: freshPath() }), skip: false },
};

for (const engine of engines) {
  describe(`adopted descriptors on the ${engine} engine`, { timeout: 60_000 }, () => {
    for (const [family, { place, skip }] of Object.entries(places)) {
      it(`a listening ${family} socket from a parent process serves on`, { skip }, async () => {
        const server = await listening(place());
        const address = addressText(server);
        const child = program(
          `const server = await hawser.createServer(echo, { fd: 3, engine: '${engine}' });
           say(server.addresses.map(String));`,
          [descriptorOf(server)],
        );
        const addresses = await child.hears();
        const target = targetBesides(server);
        server.close();
        const isKnown = engine === 'native' || family !== 'unix';
        assert.deepEqual(addresses, [isKnown ? address : '']);
        assert.equal(await exchange(target, 'from the child'), 'from the child');
      });
    }

    it('who waited on the socket before the child came is served', {
      skip: withoutAddon,
    }, async () => {
      const parent = await createServer(echo, { host: '127.0.0.1', engine: 'native' });
      cleanups.push(() => parent.close());
      parent.suspend();
      const waiting = await rawClient({ host: '127.0.0.1', port: portOf(parent) });
      waiting.end('waited');
      program(`await hawser.createServer(echo, { fd: 3, engine: '${engine}' });`, [
        parent.sockets[0]!.fd,
      ]);
      assert.equal(Buffer.concat(await waiting.toArray()).toString(), 'waited');
      assert.equal(parent.stats().accepted, 0);
    });

    for (const family of ['IPv4', 'unix'] as const) {
      it(`connect({ fd }) adopts a connected ${family} socket, with what had come before`, async () => {
        const { passed, ours } = await connectedPair(places[family].place());
        ours.write('before ');
        const child = program(
          `const received = [];
           const { transport } = await hawser.connect(() => ({
             dataReceived: (data) => void received.push(data),
             eofReceived() { say(Buffer.concat(received).toString()); },
             connectionLost: (error) => say({ error }),
           }), { fd: 3, engine: '${engine}' });
           say(String(transport.remoteAddress));
           transport.write('from the child');`,
          [passed],
        );
        const remote = await child.hears();
        const { localAddress, localPort } = ours;
        assert.equal(remote, family === 'unix' ? remote : `${localAddress}:${localPort}`);
        passed.destroy();
        ours.end('after');
        assert.equal(await child.hears(), 'before after');
        assert.deepEqual(await child.hears(), { error: null });
        assert.equal(Buffer.concat(await ours.toArray()).toString(), 'from the child');
      });
    }

    const refused = (right: string, is: string) => ({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: new RegExp(`^fd \\d+ must be ${right}.*; it is ${is}`),
    });

    it('what is no stream socket is refused by name, and stays open', {
      skip: withoutAddon,
    }, async () => {
      const file = openSync(import.meta.filename, 'r');
      const others = sockets();
      const udp = createSocket('udp4');
      udp.bind(0, '127.0.0.1');
      await once(udp, 'listening');
      const [datagram] = sockets().filter((fd) => !others.includes(fd)) as [number];
      udp.connect(udp.address().port, '127.0.0.1');
      await once(udp, 'connect');
      cleanups.push(
        () => closeSync(file),
        () => udp.close(),
      );
      const wrong = [
        [file, 'no socket'],
        [datagram, 'a datagram socket'],
      ] as const;
      for (const [fd, is] of wrong) {
        await assert.rejects(
          createServer(echo, { fd, engine }),
          refused('a (listening.*)?stream socket', is),
        );
        await assert.rejects(
          connect(echo, { fd, engine }),
          refused('a (connected )?stream socket', is),
        );
        assert.ok(fstatSync(fd).ino > 0);
      }
    });

    it('a number that is no open descriptor is refused', { skip: withoutAddon }, async () => {
      const fd = 987_654;
      await assert.rejects(
        createServer(echo, { fd, engine }),
        refused('a stream socket', 'not open'),
      );
      await assert.rejects(connect(echo, { fd, engine }), refused('a stream socket', 'not open'));
    });

    for (const family of ['IPv4', 'unix'] as const) {
      it(`a connected ${family} socket to listen on, and a listening one to connect with, are refused`, {
        skip: withoutAddon,
      }, async () => {
        const { passed, ours } = await connectedPair(places[family].place());
        const listener = await listening(places[family].place());
        await assert.rejects(
          createServer(echo, { fd: descriptorOf(passed), engine }),
          refused('a listening \\(or bound\\) stream socket', 'a connected one'),
        );
        await assert.rejects(
          connect(echo, { fd: descriptorOf(listener), engine }),
          refused('a connected stream socket', 'a listening one'),
        );
        // Neither has been harmed.
        ours.end('fine');
        assert.equal(Buffer.concat(await passed.toArray()).toString(), 'fine');
        assert.equal(listener.listening, true);
      });
    }
  });
}

describe('the marks of adopted sockets', () => {
  it('an adopted socket is not passed on to programs that the process starts', {
    skip: withoutAddon || without('python3'),
  }, async () => {
    // Node itself marks only the first descriptors it finds.
    const child = ChildProgram.withSockets(
      `import { readlinkSync } from 'node:fs';
         import { spawnSync } from 'node:child_process';
         const socket = readlinkSync('/proc/self/fd/40');
         const list = () => spawnSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' }).stdout;
         const before = list().includes(socket);
         await hawser.createServer(echo, { fd: 40, engine: 'native' });
         say({ before, after: list().includes(socket) });`,
      40,
      ['any'],
    );
    cleanups.push(() => child.end());
    assert.deepEqual(await child.hears(), { before: true, after: false });
  });
});

describe('options of adopted listeners', { skip: withoutAddon }, () => {
  it('connectionOptions and quickAck hold for accepted connections', async () => {
    const server = await listening({ host: '127.0.0.1', port: 0 });
    const child = program(
      `const names = ['SO_KEEPALIVE', 'TCP_KEEPIDLE', 'TCP_NODELAY', 'TCP_QUICKACK'];
       await hawser.createServer(() => ({
         connectionMade({ socket }) { say(Object.fromEntries(names.map((name) => [name, socket.get(name)]))); },
         dataReceived() {},
       }), {
         fd: 3, engine: 'native', quickAck: true,
         connectionOptions: { SO_KEEPALIVE: true, TCP_KEEPIDLE: 1234 },
       });
       say('serving');`,
      [descriptorOf(server)],
    );
    assert.equal(await child.hears(), 'serving');
    const { port } = server.address() as { port: number };
    server.close();
    const client = await rawClient({ host: '127.0.0.1', port });
    cleanups.push(() => client.destroy());
    assert.deepEqual(await child.hears(), {
      SO_KEEPALIVE: true,
      TCP_KEEPIDLE: 1234,
      TCP_NODELAY: true,
      TCP_QUICKACK: true,
    });
  });

  it('a socket that is bound and does not listen yet is listened on, with the backlog asked for', async () => {
    const bound = await createServer(echo, {
      host: '127.0.0.1',
      startServing: false,
      engine: 'native',
    });
    cleanups.push(() => bound.close());
    const child = program(
      `const server = await hawser.createServer(echo, { fd: 3, backlog: 7, engine: 'native' });
       const { acceptQueueLimit } = server.sockets[0].tcpInfo();
       say({ port: server.addresses[0].port, acceptQueueLimit });`,
      [bound.sockets[0]!.fd],
    );
    const port = portOf(bound);
    assert.deepEqual(await child.hears(), { port, acceptQueueLimit: 7 });
    assert.equal(await exchange({ host: '127.0.0.1', port }, 'bound'), 'bound');
  });
});
