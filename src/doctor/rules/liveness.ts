import type { Rule } from '../rule.js';

/**
 * How a dead peer is noticed, tcp(7).
 *
 * Keep-alive acts only while nothing is under way; with data unacknowledged,
 * tcp_retries2 or TCP_USER_TIMEOUT decides. TCP_USER_TIMEOUT overrides keep-alive too,
 * and can lengthen as well as shorten it, so the two should agree. A firewall or NAT
 * on the path forgets silent connections and then answers with nothing or a RST.
 */

const conntrack: Rule = {
  name: 'keepalive-beyond-conntrack',
  diagnose(view) {
    const keepAlive = view.keepAlive();
    const timeout = view.number('net.netfilter.nf_conntrack_tcp_timeout_established');
    if (keepAlive === null || timeout === null || keepAlive.idle <= timeout) return null;
    return {
      severity: 'warning',
      found: `The first keep-alive probe comes after ${keepAlive.idle} s; this machine's connection tracking forgets a silent connection after ${timeout} s.`,
      why: 'The probe then meets a firewall that knows nothing of the connection: idle clients are cut off.',
      fixes: [
        view.change(
          `--keepalive-idle ${Math.max(1, Math.floor(timeout / 2))}`,
          `connectionOptions: { TCP_KEEPIDLE: ${Math.max(1, Math.floor(timeout / 2))} }`,
        ),
        view.setSysctl(
          'net.netfilter.nf_conntrack_tcp_timeout_established',
          keepAlive.idle + keepAlive.interval * keepAlive.count,
        ),
      ],
    };
  },
};

/** Seconds after which common cloud load balancers and NATs forget a silent TCP connection: AWS 350, Azure 240. */
const CLOUD_NAT_SECONDS = 240;

const cloudNat: Rule = {
  name: 'keepalive-beyond-nat',
  diagnose(view) {
    const idle = view.keepAlive()?.idle;
    if (idle === undefined || idle <= CLOUD_NAT_SECONDS || view.settings.closesEarly) return null;
    return {
      severity: 'info',
      found: `The first keep-alive probe comes after ${idle} s.`,
      why: 'Cloud load balancers and NATs forget silent connections after 240 to 350 s.',
      fixes: [view.change('--keepalive-idle 200', 'connectionOptions: { TCP_KEEPIDLE: 200 }')],
    };
  },
};

const stockKeepAlive: Rule = {
  name: 'keepalive-stock-timers',
  diagnose(view) {
    const keepAlive = view.keepAlive();
    const unset = ['TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT'].filter(
      (name) => view.option(name) === null,
    );
    if (keepAlive === null || unset.length === 0) return null;
    const { idle, interval, count, detection } = keepAlive;
    return {
      severity: 'info',
      found: `Keep-alive is on, but ${unset.join(', ')} ${unset.length > 1 ? 'are' : 'is'} left to the kernel.`,
      why: `A dead peer is noticed after ${idle} + ${count} × ${interval} = ${detection} s.`,
      fixes: [
        view.change(
          '--keepalive-idle 200 --keepalive-interval 15 --keepalive-count 9',
          'connectionOptions: { TCP_KEEPIDLE: 200, TCP_KEEPINTVL: 15, TCP_KEEPCNT: 9 }',
        ),
      ],
    };
  },
};

const keepAliveOff: Rule = {
  name: 'keepalive-off',
  diagnose(view) {
    if (view.switched('SO_KEEPALIVE')) return null;
    return {
      severity: 'info',
      found: 'Keep-alive is off.',
      why: 'A client that vanishes without a FIN keeps its connection and its descriptor for ever.',
      fixes: [
        view.change(
          'leave out --no-keepalive',
          'connectionOptions: { SO_KEEPALIVE: true, TCP_KEEPIDLE: 200 }',
        ),
      ],
    };
  },
};

const userTimeout: Rule = {
  name: 'user-timeout-disagrees',
  diagnose(view) {
    const timeout = view.option('TCP_USER_TIMEOUT');
    const keepAlive = view.keepAlive();
    if (timeout === null || timeout === 0 || keepAlive === null) return null;
    const detection = keepAlive.detection * 1000;
    if (timeout >= detection / 2 && timeout <= detection * 2) return null;
    return {
      severity: 'warning',
      found: `TCP_USER_TIMEOUT is ${timeout} ms, but keep-alive gives up after ${detection} ms.`,
      why: `The first overrides the second: a silent dead peer is ${timeout < detection ? 'given up at the first probe after' : 'kept until'} ${timeout} ms.`,
      fixes: [view.changeOption('TCP_USER_TIMEOUT', detection)],
    };
  },
};

const conntrackTable: Rule = {
  name: 'conntrack-table-filling',
  diagnose(view) {
    const max = view.number('net.netfilter.nf_conntrack_max');
    const count = view.number('net.netfilter.nf_conntrack_count');
    if (max === null || count === null || count <= max * 0.8) return null;
    return {
      severity: 'warning',
      found: `Connection tracking holds ${count} of ${max} connections.`,
      why: 'When the table is full, packets of new connections are dropped ("table full" in dmesg).',
      fixes: [view.setSysctl('net.netfilter.nf_conntrack_max', max * 2)],
    };
  },
};

export const LIVENESS_RULES: readonly Rule[] = [
  conntrack,
  userTimeout,
  conntrackTable,
  stockKeepAlive,
  keepAliveOff,
  cloudNat,
];
