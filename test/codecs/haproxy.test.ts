import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { type ProxyHeader, proxyProtocol } from 'hawser/codecs';

/*
 * A real HAProxy between a client and a plain server of node:net. Its listening sockets are ours,
 * inherited (`fd@`), so that no port is guessed and nothing waits for it to be ready.
 */

const HAPROXY = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'].find((path) => existsSync(path));
const OPENSSL = ['/usr/bin/openssl', '/usr/local/bin/openssl'].find((path) => existsSync(path));

/** How HAProxy listens, and how it announces connections to the server. */
const fronts = {
  v1: { host: '127.0.0.1', bind: '', send: 'send-proxy' },
  v1Ipv6: { host: '::1', bind: '', send: 'send-proxy' },
  v2: { host: '127.0.0.1', bind: '', send: 'send-proxy-v2' },
  v2Ipv6: { host: '::1', bind: '', send: 'send-proxy-v2 proxy-v2-options crc32c' },
  v2Details: {
    host: '127.0.0.1',
    bind: '',
    send: 'send-proxy-v2 proxy-v2-options crc32c,unique-id',
  },
  v2NoTls: { host: '127.0.0.1', bind: '', send: 'send-proxy-v2-ssl' },
  accepting: {
    host: '127.0.0.1',
    bind: 'accept-proxy',
    send: 'send-proxy-v2 proxy-v2-options authority,crc32c,unique-id',
  },
  tls: {
    host: '127.0.0.1',
    bind: 'ssl crt PEM ca-file PEM verify optional alpn h2,http/1.1',
    send: 'send-proxy-v2-ssl-cn proxy-v2-options crc32c,authority,cert-sig,cert-key,ssl-cipher',
  },
} as const;
type Front = keyof typeof fronts;

const UNIQUE_ID = 'connection-%ci-%cp';

interface Seen {
  readonly header: ProxyHeader;
  readonly data: string;
}

describe('HAProxy', {
  skip: HAPROXY === undefined && 'haproxy is not installed',
  timeout: 20_000,
}, () => {
  const names = (Object.keys(fronts) as Front[]).filter(
    (name) => name !== 'tls' || OPENSSL !== undefined,
  );
  const ports = new Map<Front, number>();
  const directory = mkdtempSync(join(tmpdir(), 'hawser-haproxy-'));
  const pem = join(directory, 'proxy.pem');
  const server = createServer({ allowHalfOpen: true });
  let haproxy: ChildProcess;
  let complaints = '';
  let arrived: { next(): Promise<Socket> };

  before(async () => {
    if (OPENSSL !== undefined) makeCertificate(OPENSSL, pem);
    await listen(server, '127.0.0.1');
    arrived = arrivals(server);
    const listeners: Server[] = [];
    for (const name of names) {
      const listener = createServer();
      await listen(listener, fronts[name].host);
      ports.set(name, (listener.address() as AddressInfo).port);
      listeners.push(listener);
    }
    const config = join(directory, 'haproxy.cfg');
    writeFileSync(config, configuration(names, pem, (server.address() as AddressInfo).port));
    haproxy = spawn(HAPROXY as string, ['-db', '-f', config], {
      stdio: ['ignore', 'ignore', 'pipe', ...listeners.map(descriptor)],
    });
    haproxy.stderr?.on('data', (text) => {
      complaints += text;
    });
    for (const listener of listeners) listener.close();
  });

  after(async () => {
    const ended = once(haproxy, 'exit');
    haproxy.kill('SIGKILL');
    await ended;
    server.close();
    rmSync(directory, { recursive: true });
  });

  /** What the server decodes of the next connection, on which `client` sends. */
  async function seenThrough(client: Socket): Promise<Seen> {
    const failed = once(haproxy, 'exit').then(() => assert.fail(`haproxy ended: ${complaints}`));
    const connection = await Promise.race([arrived.next(), failed]);
    const codec = proxyProtocol({ limit: 1024 });
    let header: ProxyHeader | null = null;
    let data = '';
    for await (const chunk of connection) {
      for (const message of codec.decode(chunk as Buffer)) {
        if (Buffer.isBuffer(message)) data += message;
        else header = message;
      }
    }
    codec.end();
    connection.end();
    client.destroy();
    assert.ok(header !== null);
    return { header, data };
  }

  async function open(front: Front): Promise<Socket> {
    const client = connect(ports.get(front) as number, fronts[front].host);
    await once(client, 'connect');
    return client;
  }

  /** Source and destination as they should be for a client of `front`. */
  const ends = (front: Front, client: Socket) => {
    const host = fronts[front].host.includes(':') ? `[${fronts[front].host}]` : fronts[front].host;
    return [`${host}:${client.localPort}`, `${host}:${ports.get(front)}`];
  };
  const endsOf = ({ source, destination }: ProxyHeader) => [String(source), String(destination)];

  for (const [front, version, checksum] of [
    ['v1', 1, undefined],
    ['v1Ipv6', 1, undefined],
    ['v2', 2, undefined],
    ['v2Ipv6', 2, true],
  ] as const) {
    it(`announces a connection that decodes (${front})`, async () => {
      const client = await open(front);
      const expected = ends(front, client);
      client.end('hello');
      const { header, data } = await seenThrough(client);
      assert.equal(data, 'hello');
      assert.deepEqual(endsOf(header), expected);
      assert.deepEqual(
        [header.version, header.command, header.protocol, header.checksum],
        [version, 'PROXY', 'stream', checksum],
      );
    });
  }

  it('sends a checksum and a unique id that decode', async () => {
    const client = await open('v2Details');
    const uniqueId = UNIQUE_ID.replace('%ci', '127.0.0.1').replace('%cp', String(client.localPort));
    client.end('hello');
    const { header } = await seenThrough(client);
    assert.equal(header.checksum, true);
    assert.equal(String(header.uniqueId), uniqueId);
  });

  it('says that a connection came without TLS', async () => {
    const client = await open('v2NoTls');
    client.end('hello');
    const { header } = await seenThrough(client);
    assert.deepEqual(header.tls, {
      encrypted: false,
      certificate: { connection: false, session: false },
      verifyResult: 0,
    });
  });

  it('sends what it knows of TLS', {
    skip: OPENSSL === undefined && 'openssl is not installed',
  }, async () => {
    const identity = readFileSync(pem);
    const client = tlsConnect({
      port: ports.get('tls') as number,
      host: '127.0.0.1',
      servername: 'client.test',
      ALPNProtocols: ['h2'],
      cert: identity,
      key: identity,
      ca: identity,
      checkServerIdentity: () => undefined,
    });
    await once(client, 'secureConnect');
    const cipher = client.getCipher().standardName;
    client.end('hello');
    const { header, data } = await seenThrough(client);
    assert.equal(data, 'hello');
    assert.deepEqual([header.alpn, header.authority, header.checksum], ['h2', 'client.test', true]);
    assert.deepEqual(header.tls, {
      encrypted: true,
      certificate: { connection: true, session: true },
      verifyResult: 0,
      version: 'TLSv1.3',
      commonName: 'proxy.test',
      cipher,
      signatureAlgorithm: 'RSA-SHA256',
      keyAlgorithm: 'RSA2048',
    });
  });

  const source = { family: 'IPv4', host: '192.0.2.77', port: 4711 } as const;
  const destination = { family: 'IPv4', host: '198.51.100.1', port: 443 } as const;
  const announced = { command: 'PROXY', protocol: 'stream', source, destination } as const;
  for (const header of [
    { version: 1, ...announced },
    { version: 2, ...announced },
    {
      version: 2,
      ...announced,
      checksum: true,
      authority: 'client.test',
      uniqueId: Buffer.from('id of the client'),
      tlvs: [{ type: 0xe0, value: Buffer.from('own') }],
    },
  ] satisfies ProxyHeader[]) {
    const details = 'authority' in header ? ', with TLVs and a checksum' : '';
    it(`accepts a header of version ${header.version} that we encode${details}`, async () => {
      const client = await open('accepting');
      const codec = proxyProtocol({ limit: 1024 });
      for (const chunk of codec.encode(header)) client.write(chunk);
      client.end('hello');
      const { header: passedOn, data } = await seenThrough(client);
      assert.equal(data, 'hello');
      assert.deepEqual(endsOf(passedOn), ['192.0.2.77:4711', '198.51.100.1:443']);
      assert.equal(passedOn.authority, 'authority' in header ? header.authority : undefined);
    });
  }
});

function makeCertificate(openssl: string, pem: string): void {
  const subject = ['-subj', '/CN=proxy.test', '-days', '2', '-sha256'];
  const out = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${pem}.key`, '-out', `${pem}.crt`];
  execFileSync(openssl, ['req', '-x509', ...out, ...subject], { stdio: 'ignore' });
  writeFileSync(pem, Buffer.concat([readFileSync(`${pem}.crt`), readFileSync(`${pem}.key`)]));
}

function configuration(names: readonly Front[], pem: string, serverPort: number): string {
  const lines = [
    'global',
    '  maxconn 100',
    'defaults',
    '  mode tcp',
    `  unique-id-format ${UNIQUE_ID}`,
  ];
  for (const what of ['connect', 'client', 'server']) lines.push(`  timeout ${what} 5s`);
  for (const [index, name] of names.entries()) {
    const { bind, send } = fronts[name];
    lines.push(`listen ${name}`, `  bind fd@${3 + index} ${bind.replaceAll('PEM', pem)}`);
    lines.push(`  server hawser 127.0.0.1:${serverPort} ${send}`);
  }
  return `${lines.join('\n')}\n`;
}

async function listen(server: Server, host: string): Promise<void> {
  server.listen(0, host);
  await once(server, 'listening');
}

/** Connections in order, whether they come before or after they are asked for. */
function arrivals(server: Server): { next(): Promise<Socket> } {
  const events = on(server, 'connection');
  return { next: async () => (await events.next()).value[0] };
}

/** The number of a listening socket, for a child to inherit. */
function descriptor(server: Server): number {
  return (server as unknown as { _handle: { fd: number } })._handle.fd;
}
