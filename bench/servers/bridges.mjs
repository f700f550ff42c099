// Node's http.Server, or a WebSocketServer of `ws` that echoes, unmodified, on connections of
// hawser or of node:net. Arguments: http or ws, then native, node (hawser's engines) or net.
import http from 'node:http';
import process from 'node:process';
import { createServer } from 'hawser';
import { toDuplex } from 'hawser/streams';
import { WebSocketServer } from 'ws';
import { announce, BACKLOG } from './announce.mjs';

const [protocol, platform] = process.argv.slice(2);

const server = http.createServer((_request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end('Hello World!');
});

if (protocol === 'ws') {
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
}

/** Hands the connection on before anything arrives. */
class Bridge {
  connectionMade(transport) {
    server.emit('connection', toDuplex(transport));
  }

  dataReceived() {}
}

if (platform === 'net') {
  server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, () =>
    announce(server.address().port),
  );
} else {
  const listening = await createServer(() => new Bridge(), {
    host: '127.0.0.1',
    backlog: BACKLOG,
    engine: platform,
  });
  announce(listening.addresses[0].port);
}
