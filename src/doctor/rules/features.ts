import { CAP_NET_ADMIN } from '../facts.js';
import type { Rule } from '../rule.js';

/**
 * Features of TCP that a setting turns on and the kernel may withhold, tcp(7).
 *
 * setsockopt(TCP_FASTOPEN) succeeds whatever net.ipv4.tcp_fastopen says, and does nothing
 * unless its bit 2 is set. TCP_CONGESTION takes what is loaded (ENOENT otherwise) and,
 * without CAP_NET_ADMIN, only what is allowed (EPERM).
 */

const FASTOPEN_SERVER = 2;

const fastOpen: Rule = {
  name: 'fast-open-off',
  diagnose(view) {
    const queue = view.option('TCP_FASTOPEN');
    const bits = view.number('net.ipv4.tcp_fastopen');
    if (queue === null || queue <= 0 || bits === null || (bits & FASTOPEN_SERVER) !== 0) {
      return null;
    }
    return {
      severity: 'error',
      found: `TCP_FASTOPEN is ${queue}, but net.ipv4.tcp_fastopen is ${bits}: bit 2 (server) is clear.`,
      why: 'setsockopt succeeds and nothing happens: no client ever saves its round trip.',
      fixes: [view.setSysctl('net.ipv4.tcp_fastopen', bits | FASTOPEN_SERVER)],
    };
  },
};

const unknownCongestion: Rule = {
  name: 'congestion-control-unknown',
  diagnose(view) {
    const asked = view.settings.options.get('TCP_CONGESTION');
    const available = view.words('net.ipv4.tcp_available_congestion_control');
    if (typeof asked !== 'string' || available === null || available.includes(asked)) return null;
    return {
      severity: 'error',
      found: `TCP_CONGESTION is "${asked}"; this kernel has ${available.join(', ')}.`,
      why: 'setsockopt fails with ENOENT.',
      fixes: [
        {
          command: `modprobe tcp_${asked}`,
          persist: null,
          note: 'if the kernel was built with it',
        },
        view.change(
          `--option TCP_CONGESTION=${available[0]}`,
          `connectionOptions: { TCP_CONGESTION: '${available[0]}' }`,
        ),
      ],
    };
  },
};

const forbiddenCongestion: Rule = {
  name: 'congestion-control-not-allowed',
  diagnose(view) {
    const asked = view.settings.options.get('TCP_CONGESTION');
    const available = view.words('net.ipv4.tcp_available_congestion_control');
    const allowed = view.words('net.ipv4.tcp_allowed_congestion_control');
    if (typeof asked !== 'string' || available === null || allowed === null) return null;
    if (!available.includes(asked) || allowed.includes(asked)) return null;
    if (view.capable(CAP_NET_ADMIN) !== false) return null;
    return {
      severity: 'error',
      found: `TCP_CONGESTION is "${asked}"; without CAP_NET_ADMIN only ${allowed.join(', ')} may be chosen.`,
      why: 'setsockopt fails with EPERM.',
      fixes: [
        view.setSysctl('net.ipv4.tcp_allowed_congestion_control', [...allowed, asked].join(' ')),
      ],
    };
  },
};

const slowStart: Rule = {
  name: 'slow-start-after-idle',
  diagnose(view) {
    if (view.number('net.ipv4.tcp_slow_start_after_idle') !== 1) return null;
    if (view.settings.closesEarly || !view.switched('SO_KEEPALIVE')) return null;
    const asked = view.settings.options.get('TCP_CONGESTION');
    const control =
      typeof asked === 'string' ? asked : view.words('net.ipv4.tcp_congestion_control')?.[0];
    if (control === undefined || control.startsWith('bbr')) return null;
    return {
      severity: 'warning',
      found: `net.ipv4.tcp_slow_start_after_idle is 1 and congestion control is ${control}.`,
      why: 'A kept-alive connection that was idle starts again at 10 segments: the first large reply takes extra round trips.',
      fixes: [view.setSysctl('net.ipv4.tcp_slow_start_after_idle', 0)],
    };
  },
};

const timestamps: Rule = {
  name: 'timestamps-off',
  diagnose(view) {
    if (view.number('net.ipv4.tcp_timestamps') !== 0) return null;
    return {
      severity: 'warning',
      found: 'net.ipv4.tcp_timestamps is 0.',
      why: 'Round trips are measured less often, and fast links lose the guard against old segments (RFC 7323).',
      fixes: [view.setSysctl('net.ipv4.tcp_timestamps', 1)],
    };
  },
};

const selectiveAcks: Rule = {
  name: 'selective-acks-off',
  diagnose(view) {
    const off = (['net.ipv4.tcp_sack', 'net.ipv4.tcp_dsack'] as const).filter(
      (name) => view.number(name) === 0,
    );
    if (off.length === 0) return null;
    return {
      severity: 'warning',
      found: `${off.join(' and ')} ${off.length > 1 ? 'are' : 'is'} 0.`,
      why: 'After a loss the sender cannot know what arrived and sends too much, or too late, again.',
      fixes: off.map((name) => view.setSysctl(name, 1)),
    };
  },
};

const quickAckOnce: Rule = {
  name: 'quick-ack-once',
  diagnose(view) {
    if (view.settings.quickAck || !view.switched('TCP_QUICKACK')) return null;
    return {
      severity: 'warning',
      found: 'TCP_QUICKACK is set as a plain option, once.',
      why: "The kernel clears it after the first reply; a client with Nagle's algorithm waits 40 ms again.",
      fixes: [view.change('--quickack', 'quickAck: true')],
    };
  },
};

const nagle: Rule = {
  name: 'nagle-on',
  diagnose(view) {
    if (view.switched('TCP_NODELAY')) return null;
    return {
      severity: 'info',
      found: 'TCP_NODELAY is off.',
      why: "Nagle's algorithm holds a small write until the one before is acknowledged: 40 ms with a client that delays ACKs.",
      fixes: [view.change('--nodelay', 'connectionOptions: { TCP_NODELAY: true }')],
    };
  },
};

const deferAccept: Rule = {
  name: 'defer-accept',
  diagnose(view) {
    const seconds = view.option('TCP_DEFER_ACCEPT');
    if (seconds === null || seconds <= 0) return null;
    return {
      severity: 'info',
      found: `TCP_DEFER_ACCEPT is ${seconds} s.`,
      why: 'The server learns of a client when it has sent something: right for an echo, wrong for a protocol in which the server speaks first.',
    };
  },
};

export const FEATURE_RULES: readonly Rule[] = [
  fastOpen,
  unknownCongestion,
  forbiddenCongestion,
  slowStart,
  timestamps,
  selectiveAcks,
  quickAckOnce,
  nagle,
  deferAccept,
];
