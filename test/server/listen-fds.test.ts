import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { listenFds } from 'hawser';
import { ChildProgram } from './child-program.js';
import { without } from './commands.js';
import { engines, exchange } from './echo.js';

describe('listenFds', () => {
  for (const engine of engines) {
    it(`sockets passed by exec, as systemd passes them, serve on the ${engine} engine`, {
      skip: without('python3'),
    }, async () => {
      const child = ChildProgram.withSockets(
        `const passed = hawser.listenFds();
         say(passed);
         say([hawser.listenFds(), process.env.LISTEN_PID, process.env.LISTEN_FDS, process.env.LISTEN_FDNAMES]);
         const servers = await Promise.all(
           passed.map(({ fd }) => hawser.createServer(echo, { fd, engine: '${engine}' })),
         );
         say(servers.map((server) => server.addresses[0].port));`,
        3,
        ['web', 'admin'],
      );
      after(() => child.end());
      assert.deepEqual(await child.hears(), [
        { fd: 3, name: 'web' },
        { fd: 4, name: 'admin' },
      ]);
      assert.deepEqual(await child.hears(), [[], null, null, null]);
      const ports = (await child.hears()) as number[];
      for (const port of ports) {
        assert.equal(await exchange({ host: '127.0.0.1', port }, `at ${port}`), `at ${port}`);
      }
      assert.equal(new Set(ports).size, 2);
    });
  }

  it('what was meant for another process is left alone', () => {
    const env = { LISTEN_PID: String(process.pid + 1), LISTEN_FDS: '1' };
    assert.deepEqual(listenFds(env), []);
    assert.deepEqual(env, { LISTEN_PID: String(process.pid + 1), LISTEN_FDS: '1' });
    assert.deepEqual(listenFds({}), []);
    assert.deepEqual(listenFds({ LISTEN_FDS: '1' }), []);
  });

  it('names are optional, and may be fewer than descriptors', () => {
    const LISTEN_PID = String(process.pid);
    assert.deepEqual(listenFds({ LISTEN_PID, LISTEN_FDS: '1' }), [{ fd: 3, name: 'unknown' }]);
    assert.deepEqual(listenFds({ LISTEN_PID, LISTEN_FDS: '2', LISTEN_FDNAMES: ':web' }), [
      { fd: 3, name: 'unknown' },
      { fd: 4, name: 'web' },
    ]);
    assert.deepEqual(listenFds({ LISTEN_PID, LISTEN_FDS: '0' }), []);
  });

  it('a count that is no number is an error', () => {
    for (const LISTEN_FDS of ['', 'two', '-1', '1.5', '1 ']) {
      assert.throws(() => listenFds({ LISTEN_PID: String(process.pid), LISTEN_FDS }), {
        code: 'ERR_INVALID_LISTEN_FDS',
      });
    }
  });
});
