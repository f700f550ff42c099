import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../../connect.js';
import type { Bench } from '../bench.js';
import { pattern } from '../pattern.js';
import { promises } from '../promise.js';

/** A path in a folder of its own that is removed afterwards. */
function scratchPath(bench: Bench): string {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
  bench.finally(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'socket');
}

export const unix = promises('unix', 'unix sockets', [
  [
    'serve',
    'a server on a path serves, and every transport promise about bytes holds there',
    async (bench) => {
      const path = scratchPath(bench);
      const { served, probe, transport, peer } = await bench.open(
        { dataReceived: (p, data) => p.transport.write(data) },
        { path },
      );
      assert.deepEqual({ ...served.address }, { family: 'unix', path });
      assert.deepEqual({ ...transport.localAddress }, { family: 'unix', path });
      assert.equal(transport.remoteAddress.family, 'unix');
      const sent = pattern(2_000_000);
      peer.write(sent);
      assert.ok((await peer.untilReceived(sent.length)).equals(sent));
      await peer.end();
      assert.equal(await probe.untilLost(), null);
      await peer.untilEnded();
    },
  ],
  [
    'close',
    'close() on a unix socket delivers what was written, with input unread too',
    async (bench) => {
      const { probe, peer } = await bench.open(
        {
          dataReceived: (p, data) => {
            p.transport.write(data);
            p.transport.close();
          },
        },
        { path: scratchPath(bench) },
      );
      const sent = pattern(400_000);
      peer.write(sent);
      const received = await peer.untilEnded();
      assert.ok(received.length > 0 && received.equals(sent.subarray(0, received.length)));
      assert.equal(await probe.untilLost(), null);
    },
  ],
  [
    'file-removed',
    'the socket file goes when the server closes',
    async (bench) => {
      const path = scratchPath(bench);
      const served = await bench.serve({}, { path });
      assert.ok(statSync(path).isSocket());
      await served.server.close();
      assert.equal(existsSync(path), false);
    },
  ],
  [
    'stale-replaced',
    'a socket file that nobody listens on is replaced',
    async (bench) => {
      const path = scratchPath(bench);
      const dead = await bench.serve({}, { path: `${path}-dead` });
      renameSync(`${path}-dead`, path);
      await dead.server.close();
      assert.ok(statSync(path).isSocket());
      const served = await bench.serve({}, { path });
      await served.connect();
    },
  ],
  [
    'live-refused',
    'a socket file that a server listens on is EADDRINUSE, and that server goes on',
    async (bench) => {
      const path = scratchPath(bench);
      const first = await bench.serve({}, { path });
      await assert.rejects(bench.serve({}, { path }), {
        code: 'EADDRINUSE',
        syscall: 'listen',
        address: path,
      });
      const { peer } = await first.connectLate();
      await peer.end();
    },
  ],
  [
    'other-file-refused',
    'a file or folder that is no socket is EADDRINUSE and stays as it is',
    async (bench) => {
      const path = scratchPath(bench);
      writeFileSync(path, 'precious');
      await assert.rejects(bench.serve({}, { path }), { code: 'EADDRINUSE' });
      assert.equal(readFileSync(path, 'utf8'), 'precious');
      mkdirSync(`${path}-folder`);
      await assert.rejects(bench.serve({}, { path: `${path}-folder` }), { code: 'EADDRINUSE' });
    },
  ],
  [
    'only-ours-removed',
    'a file that took the place of ours is not removed at close',
    async (bench) => {
      const path = scratchPath(bench);
      const served = await bench.serve({}, { path });
      renameSync(path, `${path}-moved`);
      writeFileSync(path, 'somebody else’s');
      await served.server.close();
      assert.equal(readFileSync(path, 'utf8'), 'somebody else’s');
    },
  ],
  [
    'file-gone',
    'a socket file that is gone already disturbs nobody at close',
    async (bench) => {
      const path = scratchPath(bench);
      const served = await bench.serve({}, { path });
      rmSync(path);
      await served.server.close();
    },
  ],
  [
    'mode',
    'pathMode is the mode of the socket file',
    async (bench) => {
      const path = scratchPath(bench);
      await bench.serve({}, { path, pathMode: 0o640 });
      assert.equal(statSync(path).mode & 0o777, 0o640);
    },
  ],
  [
    'no-folder',
    'a path in a folder that does not exist is ENOENT',
    async (bench) => {
      const path = join(scratchPath(bench), 'nowhere');
      await assert.rejects(bench.serve({}, { path }), { code: 'ENOENT', syscall: 'listen' });
    },
  ],
  [
    'too-long',
    'a path longer than the kernel takes is refused with its length and the limit',
    async (bench) => {
      const path = scratchPath(bench) + 'x'.repeat(120);
      await assert.rejects(bench.serve({}, { path }), (error) => {
        assert.match((error as Error).message, new RegExp(`${path.length}.*107`));
        return (error as NodeJS.ErrnoException).code === 'ENAMETOOLONG';
      });
    },
  ],
  [
    'abstract',
    'an abstract name serves without a file, and a second server on it is EADDRINUSE',
    async (bench) => {
      const path = `\0hawser-contract-${process.pid}-${Math.trunc(performance.now() * 1000)}`;
      const served = await bench.serve({}, { path });
      assert.deepEqual({ ...served.address }, { family: 'unix', path });
      await assert.rejects(bench.serve({}, { path }), { code: 'EADDRINUSE' });
      const { engine } = bench.setup;
      const { transport } = await connect(() => ({ dataReceived() {} }), { path, engine });
      transport.write('hello');
      const probe = await served.probeAt(0);
      await probe.untilReceived(5);
      transport.close();
      assert.equal(await probe.untilLost(), null);
    },
  ],
]);
