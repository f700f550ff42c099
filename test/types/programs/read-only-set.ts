// must not compile: error TS2345 mentioning SO_ERROR
import type { TransportSocket } from 'hawser';

export function program(socket: TransportSocket): void {
  socket.set('SO_ERROR', 0);
}
