// compiles
import { createServer, type TransportSocket } from 'hawser';

export function program(socket: TransportSocket): string {
  const noDelay: boolean = socket.get('TCP_NODELAY');
  const linger: { onoff: boolean; seconds: number } = socket.get('SO_LINGER');
  const rttUs: number | undefined = socket.get('TCP_INFO').rttUs;
  socket.set('TCP_KEEPIDLE', 1800);
  socket.set('SO_LINGER', { onoff: true, seconds: 0 });
  void createServer(() => ({ dataReceived() {} }), {
    listenerOptions: { TCP_DEFER_ACCEPT: 5 },
    connectionOptions: { TCP_CONGESTION: 'reno', TCP_NODELAY: undefined },
  });
  return `${noDelay} ${linger.seconds} ${rttUs} ${socket.get('TCP_CONGESTION')}`;
}
