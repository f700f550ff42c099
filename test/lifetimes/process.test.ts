import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect as netConnect } from 'node:net';
import { describe, it } from 'node:test';
import { createServer, explainEngine, type Server, type Transport } from 'hawser';
import { runProgram } from './programs.js';

const engines =
  explainEngine().name === 'native' ? (['native', 'node'] as const) : (['node'] as const);

/** An echo protocol, as source text and as code. */
const ECHO = `() => { let transport; return {
  connectionMade(made) { transport = made; },
  dataReceived(data) { transport.write(data); },
}; }`;

function portOf(server: Server): number {
  const address = server.addresses[0];
  assert.ok(address !== undefined && address.family !== 'unix');
  return address.port;
}

function socketsOf(pid: number | 'self'): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return target.startsWith('socket:') ? [target] : [];
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
      return [];
    }
  });
}

for (const engine of engines) {
  describe(`lifetimes on the ${engine} engine`, () => {
    it('process.exit() in a callback still sends what was written before it', async () => {
      const outcome = await runProgram(`
        const server = await hawser.createServer(() => { let transport; return {
          connectionMade(made) { transport = made; },
          dataReceived() { transport.write('bye'); process.exit(3); },
        }; }, { host: '127.0.0.1', engine: '${engine}' });
        const { spawn } = await import('node:child_process');
        const command = 'printf hello | nc 127.0.0.1 ' + server.addresses[0].port;
        spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'inherit', 'inherit'] });
      `);
      assert.equal(outcome.code, 3);
      assert.match(outcome.stdout, /bye$/);
    });

    it('an unreferenced server does not keep the process alive, a referenced one does', async () => {
      const unreferenced = await runProgram(`
        const server = await hawser.createServer(${ECHO}, { host: '127.0.0.1', engine: '${engine}' });
        server.unref();
      `);
      assert.deepEqual([unreferenced.code, unreferenced.stderr], [0, '']);
      const referenced = await runProgram(
        `
        const server = await hawser.createServer(${ECHO}, { host: '127.0.0.1', engine: '${engine}' });
        server.unref();
        server.ref();
      `,
        1500,
      );
      assert.equal(referenced.signal, 'SIGTERM');
    });

    it('the process ends by itself once the server and its connections are closed', async () => {
      const outcome = await runProgram(`
        const server = await hawser.createServer(${ECHO}, { host: '127.0.0.1', engine: '${engine}' });
        const port = server.addresses[0].port;
        const { transport } = await hawser.connect(() => ({
          dataReceived() { transport.close(); void server.close(); },
        }), { host: '127.0.0.1', port, engine: '${engine}' });
        transport.write('x');
        process.on('exit', () => console.log('done', server.stats().closed));
      `);
      assert.deepEqual([outcome.stdout, outcome.code, outcome.stderr], ['done 1\n', 0, '']);
    });

    it('a close that has to abort the last connection still settles', async () => {
      const outcome = await runProgram(`
        const { connect } = await import('node:net');
        let made;
        const opened = new Promise((resolve) => { made = resolve; });
        const server = await hawser.createServer(() => ({
          connectionMade(transport) { transport.pauseReading(); made(); },
          dataReceived() {},
        }), { host: '127.0.0.1', engine: '${engine}' });
        const client = connect(server.addresses[0].port, '127.0.0.1');
        await opened;
        client.destroy();
        await server.close({ drainTimeoutMs: 50 });
        console.log(server.stats().closedBy['drain-deadline']);
      `);
      assert.deepEqual([outcome.stdout, outcome.code], ['1\n', 0]);
    });

    it('a server nobody holds any more goes on serving after garbage collection', async () => {
      const outcome = await runProgram(`
        const port = await (async () => {
          const server = await hawser.createServer(${ECHO}, { host: '127.0.0.1', engine: '${engine}' });
          return server.addresses[0].port;
        })();
        for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate); }
        const { transport } = await hawser.connect(() => ({
          dataReceived(data) { console.log(String(data)); process.exit(0); },
        }), { host: '127.0.0.1', port, engine: '${engine}' });
        transport.write('still here');
      `);
      assert.equal(outcome.stdout, 'still here\n');
    });

    it('a child process inherits none of our sockets', async () => {
      const transports: Transport[] = [];
      const server = await createServer(
        () => ({ connectionMade: (made) => void transports.push(made), dataReceived() {} }),
        { host: '127.0.0.1', engine },
      );
      const before = socketsOf('self');
      const client = netConnect(portOf(server), '127.0.0.1');
      await once(client, 'connect');
      while (transports.length === 0) await new Promise((resolve) => setImmediate(resolve));
      const ours = socketsOf('self').filter((socket) => !before.includes(socket));
      const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
      await once(child, 'spawn');
      const inherited = socketsOf(child.pid as number);
      child.kill();
      client.destroy();
      await server.close();
      assert.equal(ours.length, 2);
      assert.deepEqual(inherited, []);
    });

    it('a listener may be closed from inside its own accept callback', async () => {
      const server: Server = await createServer(
        () => ({
          connectionMade(transport) {
            void server.close();
            transport.write('closing');
            transport.close();
          },
          dataReceived() {},
        }),
        { host: '127.0.0.1', engine },
      );
      const client = netConnect(portOf(server), '127.0.0.1');
      const chunks: Buffer[] = await client.toArray();
      assert.equal(Buffer.concat(chunks).toString(), 'closing');
      await server.close();
      assert.equal(server.isServing, false);
    });

    it('1,000 servers opened and closed leave no descriptor behind', async () => {
      const before = socketsOf('self').length;
      for (let i = 0; i < 1000; i++) {
        const server = await createServer(() => ({ dataReceived() {} }), {
          host: '127.0.0.1',
          engine,
        });
        await server.close();
      }
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(socketsOf('self').length, before);
    });
  });
}
