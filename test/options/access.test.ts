import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KernelSocket } from '#hawser/options/access';
import type { OptionReport } from '#hawser/options/catalogue';
import { SocketOptionError } from '#hawser/options/error';
import { planServerOptions } from '#hawser/options/plan';
import { converse, freshSocket, nativeCalls, noCalls } from './kernel-sockets.js';
import { sysctl } from './samples.js';

function thrown(attempt: () => unknown): SocketOptionError {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof SocketOptionError, String(error));
    return error;
  }
  assert.fail('nothing was thrown');
}

describe('a kernel socket', { skip: noCalls }, () => {
  test('reads each kind of value as its JavaScript type', (t) => {
    const socket = freshSocket(t, 'IPv4');
    assert.equal(socket.get('TCP_NODELAY'), false);
    assert.equal(typeof socket.get('TCP_CONGESTION'), 'string');
    assert.deepEqual(socket.get('SO_LINGER'), { onoff: false, seconds: 0 });
    assert.equal(socket.get('SO_MAX_PACING_RATE'), Infinity);
    assert.ok(socket.get('SO_MEMINFO').receiveLimit > 0);
    assert.equal(socket.get('TCP_INFO').state, 'CLOSE');
  });

  test('reads and sets by number what the catalogue does not name', (t) => {
    const socket = freshSocket(t, 'IPv4');
    socket.setRaw(6, 4, 1234);
    assert.equal(socket.get('TCP_KEEPIDLE'), 1234);
    socket.setRaw(6, 4, Buffer.from(new Int32Array([99]).buffer));
    assert.deepEqual(socket.getRaw(6, 4, 4), Buffer.from(new Int32Array([99]).buffer));
    assert.equal(socket.getRaw(6, 13, 64).length, 16);
  });

  test('refuses raw arguments that cannot be meant', (t) => {
    const socket = freshSocket(t, 'IPv4');
    assert.throws(() => socket.getRaw(6, 4, -1), RangeError);
    assert.throws(() => socket.setRaw(6, 4, 2 ** 32), RangeError);
    assert.throws(() => socket.setRaw(6, 4, 'x' as never), TypeError);
    const error = thrown(() => socket.getRaw(6, 9999, 4));
    assert.match(error.message, /^option 9999 of level 6: getsockopt ENOPROTOOPT/);
  });

  test('names the system error as the cause when the kernel refuses', (t) => {
    const socket = freshSocket(t, 'IPv4');
    const error = thrown(() => socket.set('TCP_CONGESTION', 'no-such-thing'));
    assert.equal(error.code, 'ERR_SOCKET_OPTION');
    assert.equal(error.option, 'TCP_CONGESTION');
    assert.equal(error.value, 'no-such-thing');
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOENT');
    assert.equal(error.errno, (error.cause as NodeJS.ErrnoException).errno);
    assert.match(error.message, /sysctl net\.ipv4\.tcp_available_congestion_control/);
  });

  test('says that an option comes too late after bind', async (t) => {
    const { listener } = await converse(t, 'IPv6');
    const error = thrown(() => listener.set('IPV6_V6ONLY', true));
    assert.match(error.message, /EINVAL: .*set it before bind/);
  });

  test('says that a socket is not connected', (t) => {
    const error = thrown(() => freshSocket(t, 'IPv4').get('IP_MTU'));
    assert.match(error.message, /^IP_MTU: getsockopt ENOTCONN: the socket is not connected/);
  });

  test('says that it is closed, before asking the kernel', () => {
    const socket = new KernelSocket({
      calls: nativeCalls(),
      fd: () => -1,
      kind: 'connection',
      asked: [],
    });
    assert.equal(socket.fd, -1);
    assert.match(thrown(() => socket.get('TCP_NODELAY')).message, /the socket is closed/);
    assert.match(thrown(() => socket.set('TCP_NODELAY', true)).message, /the socket is closed/);
    assert.match(thrown(() => socket.tcpInfo()).message, /the socket is closed/);
  });

  test('gives SO_PEERCRED of a unix socket: this process', async (t) => {
    const { connection } = await converse(t, 'unix');
    const { pid, uid, gid } = connection.get('SO_PEERCRED');
    assert.deepEqual([pid, uid, gid], [process.pid, process.getuid!(), process.getgid!()]);
  });

  test('keeps the SYN of a connection when the listener asked for it', async (t) => {
    const keep = (listener: KernelSocket) => listener.set('TCP_SAVE_SYN', 1);
    const { connection } = await converse(t, 'IPv4', keep);
    const syn = connection.get('TCP_SAVED_SYN');
    assert.equal(syn[0]! >> 4, 4, 'an IPv4 header');
    assert.equal(syn[9], 6, 'of TCP');
    assert.equal(connection.get('TCP_SAVED_SYN').length, 0, 'reading frees it');
  });
});

describe('report()', { skip: noCalls }, () => {
  const asked = {
    listenerOptions: { SO_RCVBUF: 2_147_483_647, TCP_DEFER_ACCEPT: 5, TCP_FASTOPEN: 16 },
    connectionOptions: { TCP_KEEPIDLE: 1800, SO_SNDBUF: 65_536, TCP_MAXSEG: 1000 },
  };
  const plan = planServerOptions({ ...asked, noDelayDefault: true, family: 'IPv4' });
  const calls = [...plan.beforeBind, ...plan.beforeListen];

  async function reports(t: Parameters<typeof converse>[0]) {
    const apply = (listener: KernelSocket) => {
      for (const { level, option, value } of calls) listener.setRaw(level, option, value);
    };
    const { listener, connection } = await converse(t, 'IPv4', apply, calls);
    const byName = (rows: OptionReport[]) => new Map(rows.map((row) => [row.name, row]));
    return { listener: byName(listener.report()), connection: byName(connection.report()) };
  }

  test('has one row per option asked for', async (t) => {
    const { listener } = await reports(t);
    assert.deepEqual(
      [...listener.keys()],
      calls.map((call) => call.name),
    );
  });

  test('has no reason where all is as asked', async (t) => {
    const { listener, connection } = await reports(t);
    const row = { name: 'TCP_KEEPIDLE', asked: 1800, got: 1800, reason: null };
    assert.deepEqual(listener.get('TCP_KEEPIDLE'), row);
    assert.deepEqual(connection.get('TCP_KEEPIDLE'), row);
  });

  test('explains a buffer that was capped, and one that was doubled', async (t) => {
    const { listener } = await reports(t);
    const limit = sysctl('net.core.rmem_max');
    assert.match(
      listener.get('SO_RCVBUF')!.reason!,
      new RegExp(`capped at .*${limit}.*autotuning`),
    );
    assert.equal(listener.get('SO_SNDBUF')!.got, 131_072);
    assert.match(listener.get('SO_SNDBUF')!.reason!, /doubled/);
  });

  test('explains what is stored in another unit', async (t) => {
    const { listener } = await reports(t);
    assert.equal(listener.get('TCP_DEFER_ACCEPT')!.got, 7);
    assert.match(listener.get('TCP_DEFER_ACCEPT')!.reason!, /retransmissions/);
  });

  test('leaves out on a connection what stays on the listener', async (t) => {
    const { connection } = await reports(t);
    assert.equal(connection.has('TCP_DEFER_ACCEPT'), false);
    assert.match(connection.get('TCP_MAXSEG')!.reason!, /negotiated/);
  });

  test('includes what was set since, and says that TCP_QUICKACK does not last', async (t) => {
    const { connection } = await converse(t, 'IPv4');
    connection.set('TCP_QUICKACK', true);
    const [row] = connection.report();
    assert.deepEqual([row!.name, row!.asked, row!.got], ['TCP_QUICKACK', true, true]);
    assert.match(row!.reason!, /not permanent/);
  });

  test('says when fast open is without effect', async (t) => {
    const { listener } = await reports(t);
    const enabled = ((sysctl('net.ipv4.tcp_fastopen') ?? 2) & 2) !== 0;
    const reason = listener.get('TCP_FASTOPEN')!.reason ?? 'none';
    assert.match(reason, enabled ? /^none$/ : /without effect: bit 2/);
  });
});

describe('repair mode', { skip: noCalls }, () => {
  const skip = process.getuid?.() === 0 ? false : 'needs CAP_NET_ADMIN: run as root';

  test('saves sequence numbers and windows of a connection', { skip }, async (t) => {
    const { connection } = await converse(t, 'IPv4');
    connection.set('TCP_REPAIR', 1);
    connection.set('TCP_REPAIR_QUEUE', 2);
    assert.equal(connection.get('TCP_REPAIR_QUEUE'), 2);
    assert.ok(connection.get('TCP_QUEUE_SEQ') > 0);
    const window = connection.get('TCP_REPAIR_WINDOW');
    assert.equal(window.length, 20);
    connection.set('TCP_REPAIR_WINDOW', window);
    connection.set('TCP_REPAIR_OPTIONS', Buffer.from(new Int32Array([2, 1000]).buffer));
    connection.set('TCP_REPAIR', 0);
    assert.equal(connection.get('TCP_REPAIR'), 0);
  });

  test('sets sequence numbers and clock of a fresh socket', { skip }, (t) => {
    const socket = freshSocket(t, 'IPv4');
    socket.set('TCP_REPAIR', 1);
    socket.set('TCP_REPAIR_QUEUE', 1);
    socket.set('TCP_QUEUE_SEQ', 4_000_000_000);
    assert.equal(socket.get('TCP_QUEUE_SEQ'), 4_000_000_000);
    socket.set('TCP_TIMESTAMP', 5_000_000);
    const clock = socket.get('TCP_TIMESTAMP');
    assert.ok(clock >= 5_000_000 && clock < 5_100_000, `${clock}`);
  });

  test('is refused on a listener', async (t) => {
    const { listener } = await converse(t, 'IPv4');
    assert.match(thrown(() => listener.set('TCP_REPAIR', 1)).message, /EPERM: .*CAP_NET_ADMIN/);
  });
});

describe('a packet filter', { skip: noCalls }, () => {
  test('cannot be detached when there is none', (t) => {
    const error = thrown(() => freshSocket(t, 'IPv4').set('SO_DETACH_FILTER', 0));
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOENT');
  });

  test('must be a loaded program', (t) => {
    const socket = freshSocket(t, 'IPv4');
    const error = thrown(() => socket.set('SO_ATTACH_BPF', 2_000_000_000));
    assert.match(error.message, /EBADF: .*not open|EPERM/);
  });
});
