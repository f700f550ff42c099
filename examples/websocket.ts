// WebSockets by `ws`, unmodified, on hawser's connections: an echo.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'hawser';
import { toDuplex } from 'hawser/streams';
import { WebSocketServer } from 'ws';

// This http.Server never listens: hawser hands it connections, it hands `ws` the upgraded ones.
const web = createHttpServer((_request, response) => {
  response.writeHead(426, { Connection: 'close' }).end('This is a WebSocket server.\n');
});

new WebSocketServer({ server: web, maxPayload: 1024 * 1024 }).on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', (error) => console.error(`a client broke the protocol: ${error.message}`));
});

const server = await createServer(
  () => ({
    connectionMade: (transport) => void web.emit('connection', toDuplex(transport)),
    dataReceived() {},
  }),
  { host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) },
);
console.log(`Serving on ${server.addresses[0]}, ${server.engine} engine`);
