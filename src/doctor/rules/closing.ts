import type { Rule } from '../rule.js';
import type { View } from '../view.js';

/**
 * What is left when a connection ends, socket(7) and tcp(7).
 *
 * SO_LINGER {1, n} makes close(2) wait up to n seconds for acknowledgements, also on a
 * non-blocking socket; {1, 0} sends RST and throws away what was not sent. Who closes
 * first keeps the connection in TIME_WAIT for 60 s, a constant in Linux.
 */

interface Linger {
  readonly onoff: boolean;
  readonly seconds: number;
}

function linger(view: View): Linger | null {
  const value = view.settings.options.get('SO_LINGER');
  if (typeof value !== 'object' || value === null) return null;
  const { onoff, seconds } = value as { onoff?: unknown; seconds?: unknown };
  return onoff && typeof seconds === 'number' ? { onoff: true, seconds } : null;
}

const lingerBlocks: Rule = {
  name: 'linger-blocks',
  diagnose(view) {
    const seconds = linger(view)?.seconds ?? 0;
    if (seconds <= 0) return null;
    return {
      severity: 'error',
      found: `SO_LINGER is on with ${seconds} s.`,
      why: `close(2) then blocks up to ${seconds} s, also on a non-blocking socket: one slow client stops the event loop and with it every other client.`,
      fixes: [
        view.change(
          '--option SO_LINGER=off',
          'leave out SO_LINGER',
          'hawser closes in order by itself',
        ),
      ],
    };
  },
};

const lingerResets: Rule = {
  name: 'linger-resets',
  diagnose(view) {
    if (linger(view)?.seconds !== 0) return null;
    return {
      severity: 'warning',
      found: 'SO_LINGER is on with 0 s.',
      why: 'Every close sends RST and throws away what the client has not got yet.',
      fixes: [
        view.change(
          '--option SO_LINGER=off',
          'leave out SO_LINGER',
          'transport.reset() does it for one connection',
        ),
      ],
    };
  },
};

const timeWaitTable: Rule = {
  name: 'time-wait-filling',
  diagnose(view) {
    const max = view.number('net.ipv4.tcp_max_tw_buckets');
    const use = view.reading('/proc/net/sockstat', view.facts.socketUse);
    if (max === null || use === null || use.timeWait <= max * 0.8) return null;
    return {
      severity: 'warning',
      found: `${use.timeWait} sockets are in TIME_WAIT; net.ipv4.tcp_max_tw_buckets is ${max}.`,
      why: 'Above it connections skip TIME_WAIT, and a late segment can disturb the next one on the same ports.',
      fixes: [view.setSysctl('net.ipv4.tcp_max_tw_buckets', max * 2)],
    };
  },
};

const timeWaitOverflowed: Rule = {
  name: 'time-wait-overflowed',
  diagnose(view) {
    const count = view.counter('TcpExt.TCPTimeWaitOverflow');
    const max = view.number('net.ipv4.tcp_max_tw_buckets');
    if (count === null || count === 0 || max === null) return null;
    return {
      severity: 'warning',
      found: `${count} connections since boot found no room for TIME_WAIT (net.ipv4.tcp_max_tw_buckets is ${max}).`,
      why: 'Who closes first holds TIME_WAIT for 60 s; a server that ends each connection itself fills the table.',
      fixes: [view.setSysctl('net.ipv4.tcp_max_tw_buckets', max * 2)],
    };
  },
};

const orphans: Rule = {
  name: 'orphans-filling',
  diagnose(view) {
    const max = view.number('net.ipv4.tcp_max_orphans');
    const use = view.reading('/proc/net/sockstat', view.facts.socketUse);
    if (max === null || use === null || use.orphans <= max / 2) return null;
    return {
      severity: 'warning',
      found: `${use.orphans} closed sockets still send their last data; net.ipv4.tcp_max_orphans is ${max}.`,
      why: 'From half of it on the kernel may reset them, and their clients lose the end of a reply.',
      fixes: [view.setSysctl('net.ipv4.tcp_max_orphans', max * 2)],
    };
  },
};

const timeWaitReuse: Rule = {
  name: 'time-wait-reuse',
  diagnose(view) {
    if (view.number('net.ipv4.tcp_tw_reuse') !== 1) return null;
    return {
      severity: 'info',
      found: 'net.ipv4.tcp_tw_reuse is 1.',
      why: 'It is for outgoing connections; a listener gains nothing. SO_REUSEADDR is what lets a server restart.',
      fixes: [view.setSysctl('net.ipv4.tcp_tw_reuse', 2, '2, the default: loopback only')],
    };
  },
};

export const CLOSING_RULES: readonly Rule[] = [
  lingerBlocks,
  lingerResets,
  timeWaitTable,
  timeWaitOverflowed,
  orphans,
  timeWaitReuse,
];
