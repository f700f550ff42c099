/**
 * Run by tcp-info.test.ts in a network namespace that loses packets: sends 2 MB and
 * prints, as JSON, what TCP_INFO and `ss -tin` say of the sender.
 */
import { connect, createServer, type IpAddress } from 'hawser';
import { ssOf } from './ss.js';

const TOTAL_BYTES = 2_000_000;

let received = 0;
const server = await createServer(
  () => ({
    dataReceived: (data) => {
      received += data.length;
      if (received >= TOTAL_BYTES) finish();
    },
  }),
  { host: '127.0.0.1', engine: 'native' },
);
const { port } = server.addresses[0] as IpAddress;
const { transport } = await connect(() => ({ dataReceived: () => {} }), {
  host: '127.0.0.1',
  port,
  engine: 'native',
});
transport.write(Buffer.alloc(TOTAL_BYTES));

function finish(): void {
  // The last acknowledgements are on their way: TCP_INFO is read until two readings with ss between them agree.
  for (let attempt = 0; attempt < 100; attempt++) {
    const before = transport.socket.tcpInfo();
    const ss = ssOf((transport.localAddress as IpAddress).port);
    const after = transport.socket.tcpInfo();
    if (before.segsOut !== after.segsOut || before.segsIn !== after.segsIn) continue;
    if (after.unackedSegments !== 0) continue;
    process.stdout.write(JSON.stringify([after, [...ss]]));
    break;
  }
  transport.abort();
  void server.close({ drainTimeoutMs: 0 });
}
