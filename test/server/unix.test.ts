import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { connect, createServer, explainEngine, type Server, type ServerOptions } from 'hawser';
import { hasAbstractNames } from '#hawser/engine/node/address';
import { run, without } from './commands.js';
import { echo, engines, exchange, rawClient } from './echo.js';

const folder = mkdtempSync(join(tmpdir(), 'hawser-unix-'));
after(() => rmSync(folder, { recursive: true }));

const withoutAddon = explainEngine().name === 'native' ? false : explainEngine().reason;
/** What sun_path holds besides its NUL (unix(7)). */
const LONGEST_PATH = 107;
let nextName = 0;

/** A path where nothing is yet. */
function freshPath(): string {
  nextName += 1;
  return join(folder, `${nextName}.sock`);
}

/** A server process that is killed as soon as it serves, which leaves its socket file behind. */
async function leaveStaleFile(path: string): Promise<void> {
  const program = `import { createServer } from ${JSON.stringify(import.meta.resolve('hawser'))};
    await createServer(() => ({ dataReceived() {} }), { path: ${JSON.stringify(path)} });
    console.log('serving');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(lstatSync(path).isSocket(), 'a killed server leaves its file');
}

for (const engine of engines) {
  describe(`unix sockets on the ${engine} engine`, { timeout: 60_000 }, () => {
    const servers: Server[] = [];
    afterEach(async () => {
      await Promise.all(servers.splice(0).map((server) => server.close({ drainTimeoutMs: 0 })));
    });
    const serve = async (path: string, more: ServerOptions = {}) => {
      const server = await createServer(echo, { path, engine, ...more });
      servers.push(server);
      return server;
    };
    const refusal = (path: string) =>
      assert.rejects(createServer(echo, { path, engine }), {
        code: 'EADDRINUSE',
        syscall: 'listen',
        message: `listen EADDRINUSE ${path}`,
      });

    it('a server on a path serves clients, and says where it listens', async () => {
      const path = freshPath();
      const server = await serve(path);
      assert.deepEqual(
        server.addresses.map(({ family }) => family),
        ['unix'],
      );
      assert.equal(String(server.addresses[0]), path);
      assert.equal(await exchange({ path }, 'hello'), 'hello');
    });

    it('connect() reaches a path, and knows both ends', async () => {
      const path = freshPath();
      await serve(path);
      const received = new Promise<string>((resolve) => {
        void connect(
          () => ({
            connectionMade: (transport) => transport.write('hello'),
            dataReceived: (data) => resolve(data.toString()),
          }),
          { path, engine },
        ).then(({ transport }) => {
          assert.deepEqual({ ...transport.remoteAddress }, { family: 'unix', path });
          assert.deepEqual({ ...transport.localAddress }, { family: 'unix', path: '' });
        });
      });
      assert.equal(await received, 'hello');
    });

    it('10 MB through a path come back whole', async () => {
      const path = freshPath();
      await serve(path);
      const sent = Buffer.alloc(10_000_000, 'hawser').toString();
      assert.equal((await exchange({ path }, sent)) === sent, true);
    });

    it('the file of a server killed with SIGKILL is replaced', async () => {
      const path = freshPath();
      await leaveStaleFile(path);
      await serve(path);
      assert.equal(await exchange({ path }, 'again'), 'again');
    });

    it('a path on which another server lives is refused, and that server goes on', async () => {
      const path = freshPath();
      await serve(path);
      await refusal(path);
      assert.equal(await exchange({ path }, 'still'), 'still');
    });

    it('a file that is no socket is refused and left alone', async () => {
      const path = freshPath();
      writeFileSync(path, 'precious');
      await refusal(path);
      assert.equal(readFileSync(path, 'utf8'), 'precious');
    });

    it('a symbolic link is refused and left alone, whatever it points to', async () => {
      const path = freshPath();
      symlinkSync(join(folder, 'nowhere'), path);
      await refusal(path);
      assert.ok(lstatSync(path).isSymbolicLink());
    });

    it('a folder that is not there is told with the path', async () => {
      const path = join(folder, 'no', 'such', 'folder');
      await assert.rejects(createServer(echo, { path, engine }), {
        code: 'ENOENT',
        message: `listen ENOENT ${path}`,
      });
    });

    it('close() removes the file', async () => {
      const path = freshPath();
      const server = await serve(path);
      await server.close();
      assert.equal(existsSync(path), false);
    });

    const removesOthers =
      engine === 'node' && 'libuv removes whatever has the path when a listener is closed';
    it('close() leaves a file that somebody else has put there since', {
      skip: removesOthers,
    }, async () => {
      const path = freshPath();
      const first = await serve(path);
      unlinkSync(path);
      await serve(path);
      await first.close();
      assert.equal(await exchange({ path }, 'mine'), 'mine');
    });

    it('close() is content when the file has gone already', async () => {
      const path = freshPath();
      const server = await serve(path);
      unlinkSync(path);
      await server.close();
      assert.equal(server.isServing, false);
    });

    it('a server that could not start removes no file of another', async () => {
      const path = freshPath();
      await serve(path);
      await assert.rejects(
        createServer(echo, { path, engine, signal: AbortSignal.abort() }),
        /aborted/i,
      );
      assert.equal(await exchange({ path }, 'there'), 'there');
    });

    it('pathMode sets the permission bits, whatever the umask', async () => {
      const path = freshPath();
      const umask = process.umask(0o077);
      try {
        await serve(path, { pathMode: 0o666 });
      } finally {
        process.umask(umask);
      }
      assert.equal(lstatSync(path).mode & 0o777, 0o666);
    });

    it('without pathMode the umask decides', async () => {
      const path = freshPath();
      const umask = process.umask(0o027);
      try {
        await serve(path);
      } finally {
        process.umask(umask);
      }
      assert.equal(lstatSync(path).mode & 0o777, 0o750);
    });

    it('a pathMode that is none is refused before anything is made', async () => {
      const path = freshPath();
      await assert.rejects(createServer(echo, { path, engine, pathMode: 0o1777 }), {
        code: 'ERR_OUT_OF_RANGE',
        message: /pathMode/,
      });
      assert.equal(existsSync(path), false);
    });

    const changesNames =
      engine === 'node' &&
      !hasAbstractNames() &&
      'node:net fills abstract names up with NULs before Node 22';
    it('an abstract name serves without any file, is refused while taken, and free afterwards', {
      skip: changesNames,
    }, async () => {
      const path = `\0hawser-test-${process.pid}-${engine}`;
      const first = await serve(path);
      assert.equal(String(first.addresses[0]), `@${path.slice(1)}`);
      await assert.rejects(createServer(echo, { path, engine }), { code: 'EADDRINUSE' });
      const { transport } = await connect(echo, { path, engine });
      assert.equal(transport.remoteAddress.family, 'unix');
      transport.close();
      await first.close();
      const second = await serve(path);
      assert.equal(second.isServing, true);
    });

    it(`a path of ${LONGEST_PATH} bytes serves, a longer one is a clear error on both sides`, async () => {
      const path = join(folder, 'x'.repeat(LONGEST_PATH - folder.length - 1));
      await serve(path);
      assert.equal(await exchange({ path }, 'long'), 'long');
      const tooLong = {
        code: 'ENAMETOOLONG',
        message: new RegExp(`is ${LONGEST_PATH + 1} bytes long; .*at most ${LONGEST_PATH}`),
      };
      await assert.rejects(createServer(echo, { path: `${path}x`, engine }), tooLong);
      await assert.rejects(connect(echo, { path: `${path}x`, engine }), tooLong);
    });

    it('a path counts in bytes, not in characters', async () => {
      const path = join(folder, 'é'.repeat(Math.ceil((LONGEST_PATH - folder.length) / 2)));
      assert.ok(path.length <= LONGEST_PATH);
      await assert.rejects(createServer(echo, { path, engine }), { code: 'ENAMETOOLONG' });
    });

    it('nobody at a path, and a stale file, are told to a client as what they are', async () => {
      const path = freshPath();
      await assert.rejects(connect(echo, { path, engine }), {
        code: 'ENOENT',
        message: `connect ENOENT ${path}`,
      });
      await leaveStaleFile(path);
      await assert.rejects(connect(echo, { path, engine }), { code: 'ECONNREFUSED' });
    });

    it('SO_PEERCRED names process, user and group of the client', {
      skip: withoutAddon,
    }, async () => {
      const path = freshPath();
      const credentials = new Promise<unknown>((resolve, reject) => {
        const server = createServer(
          () => ({
            connectionMade(transport) {
              resolve(transport.socket.get('SO_PEERCRED'));
              transport.close();
            },
            dataReceived() {},
          }),
          { path, engine, onError: reject },
        );
        void server.then((made) => servers.push(made));
      });
      const program = `const socket = require('net').connect(${JSON.stringify(path)});
        socket.on('close', () => console.log(process.pid)).resume();`;
      const printed = await run(process.execPath, ['--eval', program]);
      assert.deepEqual(await credentials, {
        pid: Number(printed),
        uid: process.getuid?.(),
        gid: process.getgid?.(),
      });
    });

    it('nc -U gets its echo', { skip: without('nc') }, async () => {
      const path = freshPath();
      await serve(path);
      assert.equal(await run('nc', ['-N', '-U', path], 'over nc'), 'over nc');
    });

    it('socat gets its echo', { skip: without('socat') }, async () => {
      const path = freshPath();
      await serve(path);
      assert.equal(await run('socat', ['-', `UNIX-CONNECT:${path}`], 'over socat'), 'over socat');
    });

    it('socat reaches an abstract name', { skip: without('socat') || changesNames }, async () => {
      const name = `hawser-socat-${process.pid}-${engine}`;
      await serve(`\0${name}`);
      assert.equal(await run('socat', ['-', `ABSTRACT-CONNECT:${name}`], 'abstract'), 'abstract');
    });
  });
}

describe('abstract names before Node 22', {
  skip: hasAbstractNames() && 'this is a later one',
}, () => {
  it('are refused by the node engine on both sides, with the cure', async () => {
    const refused = { code: 'ENOTSUP', message: /@hawser.*NULs.*use the native engine/ };
    const path = '\0hawser';
    await assert.rejects(createServer(echo, { path, engine: 'node' }), refused);
    await assert.rejects(connect(echo, { path, engine: 'node' }), refused);
  });
});

describe('a full accept queue of a unix socket', { timeout: 60_000, skip: withoutAddon }, () => {
  it('a live server with a full accept queue is not taken for dead', async () => {
    const path = freshPath();
    const engine = 'native';
    const server = await createServer(echo, { path, backlog: 1, engine });
    server.suspend();
    // A unix socket takes backlog + 1; whoever comes then gets EAGAIN.
    const waiting = [await rawClient({ path }), await rawClient({ path })];
    await assert.rejects(connect(echo, { path, engine }), { code: 'EAGAIN' });
    await assert.rejects(createServer(echo, { path, engine }), { code: 'EADDRINUSE' });
    server.resume();
    for (const client of waiting) {
      client.end('x');
      assert.equal(Buffer.concat(await client.toArray()).toString(), 'x');
    }
    assert.equal(await exchange({ path }, 'alive'), 'alive');
    await server.close();
  });
});
