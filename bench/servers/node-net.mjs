// node:net as its documentation shows it.
import net from 'node:net';
import { announce, BACKLOG, chunk, mode } from './announce.mjs';

const NEWLINE = 10;

const modes = {
  echo(socket) {
    socket.on('data', (data) => {
      if (!socket.write(data)) socket.pause();
    });
    socket.on('drain', () => socket.resume());
  },

  sink(socket) {
    let count = 0;
    socket.on('data', (data) => {
      count += data.length;
    });
    socket.on('end', () => socket.end(`${count}\n`));
  },

  source(socket) {
    const fill = () => {
      while (socket.write(chunk));
    };
    socket.on('drain', fill);
    fill();
  },

  lines(socket) {
    let unfinished = null;
    socket.on('data', (received) => {
      const data = unfinished === null ? received : Buffer.concat([unfinished, received]);
      let start = 0;
      let end = data.indexOf(NEWLINE) + 1;
      while (end > 0) {
        socket.write(data.subarray(start, end));
        start = end;
        end = data.indexOf(NEWLINE, start) + 1;
      }
      unfinished = start < data.length ? data.subarray(start) : null;
    });
  },
};

const server = net.createServer({ noDelay: true, allowHalfOpen: mode === 'sink' }, (socket) => {
  socket.on('error', () => socket.destroy());
  modes[mode](socket);
});
server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, () =>
  announce(server.address().port),
);
