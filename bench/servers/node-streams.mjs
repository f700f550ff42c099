// node:net with one async function per connection. Argument: mode (echo only).
import { once } from 'node:events';
import net from 'node:net';
import { announce, BACKLOG } from './announce.mjs';

async function echo(socket) {
  for await (const chunk of socket) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
}

const server = net.createServer({ noDelay: true }, (socket) => {
  echo(socket).catch(() => socket.destroy());
});
server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, () =>
  announce(server.address().port),
);
