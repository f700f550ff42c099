import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createServer, type EngineChoice, type Server } from 'hawser';
import { toDuplex } from 'hawser/streams';
import { addressOf, bareClient, kernelEngines, pattern } from './stage.js';

const BODY = pattern(3_000_000);

async function respond(request: http.IncomingMessage, response: http.ServerResponse) {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/hello') response.end('hello\n');
  else if (pathname === '/large') response.end(BODY);
  else if (pathname === '/peer') response.end(`${request.socket.remoteAddress}`);
  else if (pathname === '/echo') await pipeline(request, response);
  else if (pathname === '/slow') response.write('begun\n');
  else response.writeHead(404).end();
}

/** Node's own server, unchanged, with its connections from hawser. */
async function httpServer(t: TestContext, engine: EngineChoice, settings: http.ServerOptions = {}) {
  const nodeServer = http.createServer(settings, (request, response) => {
    respond(request, response).catch((error) => response.destroy(error));
  });
  const errors: Error[] = [];
  const server = await createServer(
    () => ({
      connectionMade(transport) {
        nodeServer.emit('connection', toDuplex(transport));
      },
      dataReceived() {},
    }),
    { host: '127.0.0.1', engine, onError: (error) => errors.push(error) },
  );
  t.after(async () => {
    server.closeTransports();
    await server.close();
    assert.deepEqual(errors, []);
  });
  return { nodeServer, server };
}

/** One request; the body as text, and the response. */
async function ask(server: Server, options: http.RequestOptions, body?: Buffer) {
  const request = http.request({ ...addressOf(server), ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { response, body: await text(response.setEncoding('latin1')) };
}

for (const engine of kernelEngines) {
  describe(`http.Server on transports of the ${engine} engine`, () => {
    it('answers, and keeps a connection for the next request', async (t) => {
      const { server } = await httpServer(t, engine);
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      t.after(() => agent.destroy());
      for (let i = 0; i < 5; i++) {
        const { response, body } = await ask(server, { path: '/hello', agent });
        assert.equal(response.statusCode, 200);
        assert.equal(body, 'hello\n');
      }
      assert.equal(server.stats().accepted, 1);
      assert.equal((await ask(server, { path: '/peer', agent })).body, '127.0.0.1');
      assert.equal((await ask(server, { path: '/missing', agent })).response.statusCode, 404);
    });

    it('streams large bodies both ways', async (t) => {
      const { server } = await httpServer(t, engine);
      const large = await ask(server, { path: '/large' });
      assert.ok(Buffer.from(large.body, 'latin1').equals(BODY));
      const echo = await ask(server, { path: '/echo', method: 'POST' }, BODY);
      assert.equal(echo.response.headers['transfer-encoding'], 'chunked');
      assert.ok(Buffer.from(echo.body, 'latin1').equals(BODY));
    });

    it('answers pipelined requests in order and obeys Connection: close', async (t) => {
      const { server } = await httpServer(t, engine);
      const client = await bareClient(t, server);
      client.write('GET /hello HTTP/1.1\r\nHost: x\r\n\r\n');
      client.write('GET /missing HTTP/1.1\r\nHost: x\r\n\r\n');
      client.write('GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      const replies = await text(client);
      const statuses = [...replies.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
      assert.deepEqual(statuses, ['200', '404', '200']);
      client.end();
    });

    it('refuses what is not HTTP and closes that connection only', async (t) => {
      const { server } = await httpServer(t, engine);
      const client = await bareClient(t, server);
      client.write('this is not HTTP\r\n\r\n');
      assert.match(await text(client), /^HTTP\/1\.1 400 Bad Request/);
      client.end();
      assert.equal((await ask(server, { path: '/hello' })).body, 'hello\n');
    });

    it('closes an idle connection after keepAliveTimeout', async (t) => {
      const { server } = await httpServer(t, engine, { keepAliveTimeout: 50 });
      const client = await bareClient(t, server);
      client.write('GET /hello HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.match(await text(client), /hello\n$/);
      client.end();
    });

    it('hears of a client that goes away in the middle of a response', async (t) => {
      const { nodeServer, server } = await httpServer(t, engine);
      const client = await bareClient(t, server);
      const requested = once(nodeServer, 'request');
      client.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
      const [, response] = (await requested) as [unknown, http.ServerResponse];
      const closed = once(response, 'close');
      client.resetAndDestroy();
      await closed;
      assert.equal(response.writableFinished, false);
    });

    it('serves curl, with Expect: 100-continue', async (t) => {
      const { server } = await httpServer(t, engine);
      const { host, port } = addressOf(server);
      const { stdout } = await promisify(execFile)('curl', [
        ...['--silent', '--show-error', '--max-time', '10', '--header', 'Expect: 100-continue'],
        ...['--data-binary', 'posted by curl', `http://${host}:${port}/echo`],
        ...['--next', '--silent', '--max-time', '10', `http://${host}:${port}/hello`],
      ]);
      assert.equal(stdout, 'posted by curlhello\n');
    });
  });
}
