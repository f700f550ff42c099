// Node's own http.Server, unmodified, on hawser's connections: its options, its limits, its engine.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'hawser';
import { toDuplex } from 'hawser/streams';

const web = createHttpServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`Hello, ${request.url} by ${request.method}\n`);
});

const server = await createServer(
  () => ({
    connectionMade: (transport) => void web.emit('connection', toDuplex(transport)),
    dataReceived() {},
  }),
  {
    host: '127.0.0.1',
    port: Number(process.env.PORT ?? 8080),
    maxConnectionsPerHost: 1000,
    connectionOptions: { TCP_USER_TIMEOUT: 30_000 },
  },
);
console.log(`Serving on ${server.addresses[0]}, ${server.engine} engine`);
