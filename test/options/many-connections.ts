/**
 * Run by system-calls.test.ts under strace: a server whose connections have twenty
 * inheritable options accepts as many connections as the argument says, one after
 * the other, each closed by its client.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer, type IpAddress, type ServerOptions } from 'hawser';

/** Twenty options that every accepted socket inherits from its listener. */
const connectionOptions: NonNullable<ServerOptions['connectionOptions']> = {
  SO_KEEPALIVE: true,
  TCP_KEEPIDLE: 1800,
  TCP_KEEPINTVL: 15,
  TCP_KEEPCNT: 9,
  TCP_NODELAY: true,
  TCP_USER_TIMEOUT: 30_000,
  TCP_NOTSENT_LOWAT: 16_384,
  TCP_CONGESTION: 'reno',
  TCP_LINGER2: 20,
  TCP_SYNCNT: 3,
  TCP_WINDOW_CLAMP: 65_536,
  TCP_MAXSEG: 1400,
  SO_SNDBUF: 65_536,
  SO_RCVBUF: 65_536,
  SO_RCVLOWAT: 1,
  SO_OOBINLINE: true,
  SO_MAX_PACING_RATE: 1_000_000_000,
  IP_TOS: 16,
  IP_TTL: 33,
  IP_MTU_DISCOVER: 1,
};

const wanted = Number(process.argv[2]);
const different = new Set<string>();
const server = await createServer(
  () => ({
    connectionMade: ({ socket }) => {
      if (socket.get('TCP_KEEPIDLE') !== 1800) different.add('TCP_KEEPIDLE');
      if (socket.get('IP_TTL') !== 33) different.add('IP_TTL');
    },
    dataReceived: () => {},
  }),
  { host: '127.0.0.1', engine: 'native', connectionOptions },
);
const { port } = server.addresses[0] as IpAddress;
for (let made = 0; made < wanted; made++) {
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  client.end().resume();
  await once(client, 'close');
}
await server.close();
process.stdout.write(JSON.stringify({ ...server.stats(), different: [...different] }));
