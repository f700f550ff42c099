// Bun.listen: one set of handlers for all sockets, as its documentation advises.
// Bun sets TCP_NODELAY on every socket itself and chooses the backlog (512).
import { announce, chunk, mode } from './announce.mjs';

const NEWLINE = 10;

/** Writes what the kernel takes; the rest waits for `drain`, and reading stops. */
function send(socket, data) {
  const { unsent } = socket.data;
  if (unsent.length > 0) {
    unsent.push(data);
    return;
  }
  const written = socket.write(data);
  if (written === data.length) return;
  unsent.push(data.subarray(Math.max(written, 0)));
  socket.pause();
}

function sendUnsent(socket) {
  const { unsent } = socket.data;
  while (unsent.length > 0) {
    const written = socket.write(unsent[0]);
    if (written < unsent[0].length) {
      unsent[0] = unsent[0].subarray(Math.max(written, 0));
      return;
    }
    unsent.shift();
  }
  socket.resume();
}

function fill(socket) {
  const state = socket.data;
  for (;;) {
    const part = chunk.subarray(state.count % chunk.length);
    const written = socket.write(part);
    if (written > 0) state.count += written;
    if (written < part.length) return;
  }
}

const modes = {
  echo: { data: send, drain: sendUnsent },

  sink: {
    data(socket, data) {
      socket.data.count += data.length;
    },
    end(socket) {
      socket.end(`${socket.data.count}\n`);
    },
  },

  source: { open: fill, drain: fill, data() {} },

  lines: {
    data(socket, received) {
      const state = socket.data;
      const data =
        state.unfinished === null ? received : Buffer.concat([state.unfinished, received]);
      let start = 0;
      let end = data.indexOf(NEWLINE) + 1;
      while (end > 0) {
        send(socket, data.subarray(start, end));
        start = end;
        end = data.indexOf(NEWLINE, start) + 1;
      }
      state.unfinished = start < data.length ? data.subarray(start) : null;
    },
    drain: sendUnsent,
  },
};

const { open, ...handlers } = modes[mode];
const server = Bun.listen({
  hostname: '127.0.0.1',
  port: 0,
  allowHalfOpen: mode === 'sink',
  socket: {
    ...handlers,
    open(socket) {
      socket.data = { unsent: [], unfinished: null, count: 0 };
      open?.(socket);
    },
    error(socket) {
      socket.terminate();
    },
  },
});
announce(server.port);
