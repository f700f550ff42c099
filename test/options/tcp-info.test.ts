import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { KernelSocket } from '#hawser/options/access';
import { parseTcpInfo, TCP_INFO_LAYOUT, type TcpInfo } from '#hawser/options/tcp-info';
import { type Conversation, converse, noCalls } from './kernel-sockets.js';
import { noSs, ssOf } from './ss.js';

/** Carries `bytes` from the client to the server and one byte back. */
async function carry({ accepted, connected }: Conversation, bytes: number): Promise<void> {
  let received = 0;
  const all = new Promise<void>((resolve) => {
    accepted.on('data', (chunk) => {
      received += chunk.length;
      if (received >= bytes) resolve();
    });
  });
  accepted.resume();
  connected.write(Buffer.alloc(bytes));
  await all;
  const answered = once(connected, 'data');
  accepted.write('y');
  await answered;
}

const milliseconds = (us: number | undefined) => (us ?? 0) / 1000;

/** Numbers that stand still on an idle connection, as ss prints them and as we read them. */
function comparable(info: TcpInfo): [word: string, ours: number | undefined][] {
  return [
    ['mss', info.sndMssBytes],
    ['pmtu', info.pmtuBytes],
    ['rcvmss', info.rcvMssBytes],
    ['advmss', info.advmssBytes],
    ['cwnd', info.sndCwndSegments],
    ['bytes_sent', info.bytesSent],
    ['bytes_acked', info.bytesAcked],
    ['bytes_received', info.bytesReceived],
    ['segs_out', info.segsOut],
    ['segs_in', info.segsIn],
    ['data_segs_out', info.dataSegsOut],
    ['data_segs_in', info.dataSegsIn],
    ['delivered', info.deliveredSegments],
    ['rcv_space', info.rcvSpaceBytes],
    ['rcv_ssthresh', info.rcvSsthreshBytes],
    ['snd_wnd', info.sndWndBytes],
    ['rto', milliseconds(info.rtoUs)],
    ['ato', milliseconds(info.atoUs)],
    ['minrtt', milliseconds(info.minRttUs)],
  ];
}

/** Runs a shell command in a network namespace of its own that is gone afterwards. */
function inNamespace(command: string) {
  const args = ['--net', '--map-root-user', 'sh', '-c', command];
  const { status, stdout, stderr, error } = spawnSync('unshare', args, { encoding: 'utf8' });
  return { status, stdout: stdout ?? '', why: (error?.message ?? stderr ?? '').trim() };
}

/** Ways to lose packets on loopback: at random, or in a queue that is too short. */
const LOSSY = ['netem loss 5%', 'tbf rate 80mbit burst 8k limit 8k'].map(
  (qdisc) => `ip link set lo up mtu 1500 && tc qdisc add dev lo root ${qdisc}`,
);
const tried = LOSSY.map((command) => ({ command, ...inNamespace(command) }));
const lossy = tried.find(({ status }) => status === 0)?.command;
const noLoss =
  noCalls || noSs || (lossy === undefined ? `no packet loss to be had: ${tried[0]!.why}` : false);

/** The transfer of lossy-transfer.ts in a namespace that loses packets. */
function lossyTransfer(): { lost: TcpInfo; ss: Map<string, string> } {
  const script = fileURLToPath(new URL('./lossy-transfer.js', import.meta.url));
  const run = inNamespace(`${lossy} && '${process.execPath}' '${script}'`);
  assert.equal(run.status, 0, run.why);
  const [lost, ss] = JSON.parse(run.stdout) as [TcpInfo, [string, string][]];
  return { lost, ss: new Map(ss) };
}

/** What ss and TCP_INFO say while no packet, such as a delayed acknowledgement, comes between. */
function atRest(socket: KernelSocket, port: number): { ss: Map<string, string>; info: TcpInfo } {
  for (let attempt = 0; attempt < 100; attempt++) {
    const before = comparable(socket.tcpInfo());
    const ss = ssOf(port);
    const info = socket.tcpInfo();
    if (isDeepStrictEqual(before, comparable(info))) return { ss, info };
  }
  assert.fail('the connection did not come to rest');
}

describe('tcpInfo()', { skip: noCalls }, () => {
  test('agrees with ss -tin field by field after real traffic', { skip: noSs }, async (t) => {
    const conversation = await converse(t, 'IPv4');
    await carry(conversation, 4_000_000);
    const { remotePort, localPort } = conversation.accepted;
    for (const [socket, port] of [
      [conversation.client, remotePort],
      [conversation.connection, localPort],
    ] as const) {
      const { ss, info } = atRest(socket, port!);
      const shared = comparable(info).filter(([word]) => ss.has(word));
      assert.ok(shared.length >= 15, [...ss.keys()].join(' '));
      assert.deepEqual(
        shared.map(([word]) => [word, Number(ss.get(word))]),
        shared,
      );
      const [rtt, rttvar] = ss.get('rtt')!.split('/').map(Number);
      assert.deepEqual([milliseconds(info.rttUs), milliseconds(info.rttvarUs)], [rtt, rttvar]);
      assert.equal(ss.get('wscale'), `${info.sndWscale},${info.rcvWscale}`);
    }
  });

  test('counts the bytes of the conversation', async (t) => {
    const conversation = await converse(t, 'IPv4');
    await carry(conversation, 100_000);
    const info = conversation.connection.tcpInfo();
    assert.equal(info.state, 'ESTABLISHED');
    assert.equal(info.congestionState, 'open');
    assert.ok((info.bytesReceived ?? 0) >= 100_000);
    assert.ok((info.rttUs ?? 0) > 0 && (info.rttUs ?? 0) < 1_000_000, `${info.rttUs} us`);
    assert.equal(info.acceptQueueLength, undefined);
  });

  test('gives the accept queue of a listener, and its limit', async (t) => {
    const { listener } = await converse(t, 'IPv4');
    const info = listener.tcpInfo();
    assert.equal(info.state, 'LISTEN');
    assert.equal(info.acceptQueueLength, 0);
    assert.ok((info.acceptQueueLimit ?? 0) >= 100, `${info.acceptQueueLimit}`);
    assert.equal(info.unackedSegments, undefined);
  });

  test('counts retransmissions where packets are lost', { skip: noLoss }, () => {
    const { lost, ss } = lossyTransfer();
    assert.ok((lost.totalRetransSegments ?? 0) > 0);
    assert.ok((lost.bytesRetrans ?? 0) > 0);
    assert.equal(ss.get('bytes_retrans'), String(lost.bytesRetrans));
    assert.equal(ss.get('retrans')?.split('/')[1], String(lost.totalRetransSegments));
  });
});

describe('parseTcpInfo', () => {
  test('leaves undefined what an older kernel does not return', () => {
    const info = parseTcpInfo(Buffer.alloc(104, 1));
    assert.equal(info.totalRetransSegments, 0x01010101);
    assert.equal(info.pacingRateBytesPerSecond, undefined);
    assert.equal('rcvWndBytes' in info, false);
  });

  test('never reads a field that the kernel returned half of', () => {
    for (let length = 8; length <= 280; length++) {
      const info: Partial<Record<string, unknown>> = parseTcpInfo(Buffer.alloc(length));
      for (const [name, [offset, width]] of Object.entries(TCP_INFO_LAYOUT)) {
        const whole = offset + { u16: 2, u32: 4, u64: 8 }[width] <= length;
        assert.equal(name in info, whole, `${name} of ${length} bytes`);
      }
    }
  });

  test('says in words what the bits say', () => {
    const bytes = Buffer.alloc(280);
    bytes[0] = 8;
    bytes[1] = 4;
    bytes[5] = 0b0000_1111;
    bytes[6] = 0x7a;
    bytes[7] = 0b101;
    bytes.writeUInt32LE(0x7fff_ffff, 76);
    bytes.fill(0xff, 104, 112);
    const info = parseTcpInfo(bytes);
    assert.equal(info.state, 'CLOSE_WAIT');
    assert.equal(info.congestionState, 'loss');
    assert.deepEqual(info.features, ['timestamps', 'sack', 'window scaling', 'ecn']);
    assert.deepEqual([info.sndWscale, info.rcvWscale], [10, 7]);
    assert.deepEqual([info.deliveryRateAppLimited, info.fastopenClientFail], [true, 2]);
    assert.equal(info.sndSsthreshSegments, Infinity);
    assert.equal(info.pacingRateBytesPerSecond, Infinity);
  });
});
