import type { Rule } from '../rule.js';

/**
 * Connections that wait to be accepted, listen(2) and tcp(7).
 *
 * Linux has two queues per listener. Handshakes under way are bounded by
 * tcp_max_syn_backlog unless SYN cookies are on; finished ones by
 * min(backlog, somaxconn) + 1. When the second is full, SYNs are dropped without a
 * word and the client tries again a second later.
 */

const backlogCapped: Rule = {
  name: 'backlog-capped',
  anySocket: true,
  diagnose(view) {
    const cap = view.number('net.core.somaxconn');
    const { backlog } = view.settings;
    if (cap === null || backlog <= cap) return null;
    return {
      severity: 'warning',
      found: `backlog is ${backlog}, but net.core.somaxconn is ${cap}.`,
      why: `listen(2) silently uses ${cap}; in a burst further clients are dropped and wait a second or more for their retry.`,
      fixes: [
        view.setSysctl('net.core.somaxconn', backlog, 'then restart: listen() fixes the limit'),
        view.change(`--backlog ${cap}`, `backlog: ${cap}`),
      ],
    };
  },
};

const smallQueue: Rule = {
  name: 'small-accept-queue',
  anySocket: true,
  diagnose(view) {
    const cap = view.number('net.core.somaxconn');
    if (cap === null || cap >= 1024) return null;
    return {
      severity: 'info',
      found: `net.core.somaxconn is ${cap}; Linux has 4096 since 5.4.`,
      why: 'No server on this machine can have a longer accept queue, whatever backlog it asks for.',
      fixes: [view.setSysctl('net.core.somaxconn', 4096)],
    };
  },
};

const synQueue: Rule = {
  name: 'syn-queue-short',
  diagnose(view) {
    const limit = view.number('net.ipv4.tcp_max_syn_backlog');
    const cookies = view.number('net.ipv4.tcp_syncookies');
    const { backlog } = view.settings;
    if (limit === null || cookies === null || limit >= backlog) return null;
    return {
      severity: cookies === 0 ? 'warning' : 'info',
      found: `net.ipv4.tcp_max_syn_backlog is ${limit}, below the backlog of ${backlog}.`,
      why:
        cookies === 0
          ? 'SYN cookies are off, so a burst of handshakes is dropped before the accept queue is full.'
          : 'Handshakes above it are answered with SYN cookies, which carry fewer TCP options.',
      fixes: [view.setSysctl('net.ipv4.tcp_max_syn_backlog', backlog)],
    };
  },
};

const synCookies: Rule = {
  name: 'syn-cookies',
  diagnose(view) {
    const value = view.number('net.ipv4.tcp_syncookies');
    if (value !== 0 && value !== 2) return null;
    return {
      severity: 'warning',
      found: `net.ipv4.tcp_syncookies is ${value}: ${value === 0 ? 'never' : 'always'}.`,
      why:
        value === 0
          ? 'A SYN flood fills the queue of handshakes and nobody else gets in.'
          : 'Every connection loses TCP options; 2 is meant for testing.',
      fixes: [view.setSysctl('net.ipv4.tcp_syncookies', 1)],
    };
  },
};

const abortOnOverflow: Rule = {
  name: 'abort-on-overflow',
  diagnose(view) {
    if (view.number('net.ipv4.tcp_abort_on_overflow') !== 1) return null;
    return {
      severity: 'warning',
      found: 'net.ipv4.tcp_abort_on_overflow is 1.',
      why: 'A full accept queue resets clients that would have got in at their next try; a longer backlog is the cure.',
      fixes: [view.setSysctl('net.ipv4.tcp_abort_on_overflow', 0)],
    };
  },
};

const overflowed: Rule = {
  name: 'accept-queue-overflowed',
  diagnose(view) {
    const count = view.counter('TcpExt.ListenOverflows');
    if (count === null || count === 0) return null;
    return {
      severity: 'info',
      found: `Accept queues here have overflowed ${count} times since boot.`,
      why: 'Some server on this machine accepted too slowly or had too short a backlog.',
      fixes: [
        { command: 'hawser doctor --watch 10', persist: null, note: 'to see whether it goes on' },
        { command: 'ss -ltn', persist: null, note: 'Recv-Q near Send-Q: that listener is full' },
      ],
    };
  },
};

const packetQueue: Rule = {
  name: 'packets-dropped',
  diagnose(view) {
    const dropped = view.counter('softnet.dropped');
    if (dropped === null || dropped === 0) return null;
    const limit = view.number('net.core.netdev_max_backlog');
    return {
      severity: 'info',
      found: `${dropped} packets since boot were dropped before TCP saw them.`,
      why: 'A CPU received packets faster than it could handle them; each drop is a retransmission.',
      fixes: limit === null ? [] : [view.setSysctl('net.core.netdev_max_backlog', limit * 2)],
    };
  },
};

export const QUEUE_RULES: readonly Rule[] = [
  backlogCapped,
  synQueue,
  synCookies,
  abortOnOverflow,
  smallQueue,
  overflowed,
  packetQueue,
];
