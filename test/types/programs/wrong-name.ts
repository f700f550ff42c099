// must not compile: error TS2345 mentioning TCP_NODELEY
import type { TransportSocket } from 'hawser';

export function program(socket: TransportSocket): void {
  socket.get('TCP_NODELEY');
}
