import type { Rule } from '../rule.js';
import type { SysctlName } from '../sysctl-names.js';
import type { View } from '../view.js';

/**
 * Kernel defaults that are right for most servers and worth knowing for some. Figures
 * are those of tcp(7) and the kernel's ip-sysctl documentation.
 */
interface Advice {
  readonly name: string;
  readonly sysctl: SysctlName;
  /** The advice applies to this value. */
  readonly when: (value: number, view: View) => boolean;
  readonly why: (value: number, view: View) => string;
  /** null: nothing to change here. */
  readonly suggest: number | null;
}

/** Total wait of a handshake that retries `count` times, doubling from one second. */
function handshakeSeconds(count: number): number {
  return 2 ** (count + 1) - 1;
}

const ADVICE: readonly Advice[] = [
  {
    name: 'syn-ack-retries',
    sysctl: 'net.ipv4.tcp_synack_retries',
    when: (value) => value > 2,
    why: (value) =>
      `A client that vanishes in the handshake holds its place for ${handshakeSeconds(value)} s; with 2 it is 7 s.`,
    suggest: 2,
  },
  {
    name: 'syn-retries',
    sysctl: 'net.ipv4.tcp_syn_retries',
    when: (value) => value > 4,
    why: (value, view) =>
      `A connect() of this machine to a dead host waits about ${handshakeSeconds(value) + (view.number('net.ipv4.tcp_syn_linear_timeouts') ?? 0)} s; TCP_SYNCNT sets it per socket.`,
    suggest: 3,
  },
  {
    name: 'data-retries',
    sysctl: 'net.ipv4.tcp_retries2',
    when: (value, view) => value > 8 && (view.option('TCP_USER_TIMEOUT') ?? 0) === 0,
    why: (value) =>
      `A dead peer with data under way is noticed after ${value >= 15 ? '924 s or more' : 'minutes'}; TCP_USER_TIMEOUT sets it per socket, 8 is the least of RFC 1122.`,
    suggest: 8,
  },
  {
    name: 'orphan-retries',
    sysctl: 'net.ipv4.tcp_orphan_retries',
    when: (value) => value === 0 || value > 3,
    why: (value) =>
      `A closed connection to a dead peer is retried ${value === 0 ? 8 : value} times; a busy server gets its memory back sooner with 3.`,
    suggest: 3,
  },
  {
    name: 'fin-timeout',
    sysctl: 'net.ipv4.tcp_fin_timeout',
    when: (value) => value >= 60,
    why: (value) =>
      `A closed connection waits ${value} s for the peer's FIN; TCP_LINGER2 sets it per socket.`,
    suggest: 30,
  },
  {
    name: 'time-wait-assassination',
    sysctl: 'net.ipv4.tcp_rfc1337',
    when: (value) => value === 0,
    why: () => 'A stray RST ends TIME_WAIT early (RFC 1337); 1 ignores it.',
    suggest: 1,
  },
  {
    name: 'unsent-data-unlimited',
    sysctl: 'net.ipv4.tcp_notsent_lowat',
    when: (value, view) => value > 1 << 20 && view.option('TCP_NOTSENT_LOWAT') === null,
    why: () =>
      'The kernel takes megabytes before it pushes back; 131072 keeps what is unsent short and fresh. TCP_NOTSENT_LOWAT sets it per socket.',
    suggest: 131_072,
  },
  {
    name: 'autocorking',
    sysctl: 'net.ipv4.tcp_autocorking',
    when: (value) => value === 1,
    why: () => 'Small writes may wait for the packet before them; 0 if microseconds matter.',
    suggest: 0,
  },
  {
    name: 'mtu-probing',
    sysctl: 'net.ipv4.tcp_mtu_probing',
    when: (value) => value === 0,
    why: () =>
      'Where ICMP is filtered, large segments to some clients vanish for ever; 1 finds the size by trying.',
    suggest: 1,
  },
  {
    name: 'delayed-ack-threshold',
    sysctl: 'net.ipv4.tcp_pingpong_thresh',
    when: (_value, view) => view.settings.quickAck,
    why: (value) =>
      `After ${value} ${value === 1 ? 'reply' : 'replies'} the kernel delays ACKs; hawser re-arms TCP_QUICKACK around receives against that.`,
    suggest: null,
  },
];

function rule({ name, sysctl, when, why, suggest }: Advice): Rule {
  return {
    name,
    tuning: true,
    diagnose(view) {
      const value = view.number(sysctl);
      if (value === null || !when(value, view)) return null;
      return {
        severity: 'info',
        found: `${sysctl} is ${value}.`,
        why: why(value, view),
        fixes: suggest === null ? [] : [view.setSysctl(sysctl, suggest)],
      };
    },
  };
}

const bbrPacing: Rule = {
  name: 'bbr-without-fq',
  tuning: true,
  diagnose(view) {
    const asked = view.settings.options.get('TCP_CONGESTION');
    const control =
      typeof asked === 'string' ? asked : view.words('net.ipv4.tcp_congestion_control')?.[0];
    const queue = view.words('net.core.default_qdisc')?.[0];
    if (!control?.startsWith('bbr') || queue === undefined || queue === 'fq') return null;
    return {
      severity: 'info',
      found: `Congestion control is ${control} and net.core.default_qdisc is ${queue}.`,
      why: 'TCP then paces with a timer per socket, which works; fq does it with less CPU.',
      fixes: [view.setSysctl('net.core.default_qdisc', 'fq', 'for interfaces that come up later')],
    };
  },
};

export const TUNING_RULES: readonly Rule[] = [...ADVICE.map(rule), bbrPacing];
