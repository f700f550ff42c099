// must not compile: error TS2345 mentioning boolean
import type { TransportSocket } from 'hawser';

export function program(socket: TransportSocket): void {
  socket.set('TCP_NODELAY', 1);
}
