// must not compile: error TS2322 mentioning Linger
import type { TransportSocket } from 'hawser';

export function program(socket: TransportSocket): number {
  return socket.get('SO_LINGER');
}
