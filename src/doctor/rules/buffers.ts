import type { Diagnosis } from '../finding.js';
import type { Rule } from '../rule.js';
import type { SysctlName } from '../sysctl-names.js';
import type { View } from '../view.js';

/**
 * Socket buffers, socket(7) and tcp(7).
 *
 * setsockopt(SO_RCVBUF, n) is clamped to rmem_max, doubled for bookkeeping, and locks the
 * buffer: the kernel no longer autotunes it. Autotuning is bounded by the third
 * value of tcp_rmem, usually far above rmem_max. The same goes for sending.
 */
interface Direction {
  readonly option: string;
  readonly flag: string;
  readonly max: SysctlName;
  readonly auto: SysctlName;
}

const RECEIVE: Direction = {
  option: 'SO_RCVBUF',
  flag: '--recv-buffer',
  max: 'net.core.rmem_max',
  auto: 'net.ipv4.tcp_rmem',
};

const SEND: Direction = {
  option: 'SO_SNDBUF',
  flag: '--send-buffer',
  max: 'net.core.wmem_max',
  auto: 'net.ipv4.tcp_wmem',
};

function clamped(view: View, { option, flag, max }: Direction): Diagnosis | null {
  const asked = view.option(option);
  const limit = view.number(max);
  if (asked === null || limit === null || asked <= limit) return null;
  return {
    severity: 'warning',
    found: `${option} is ${asked} bytes, but ${max} is ${limit}.`,
    why: `The kernel silently uses ${limit}; getsockopt will say ${2 * limit}, which is twice that.`,
    fixes: [
      view.setSysctl(max, asked),
      view.change(`${flag} ${limit}`, `connectionOptions: { ${option}: ${limit} }`),
    ],
  };
}

function locked(view: View, { option, flag, max, auto }: Direction): Diagnosis | null {
  const asked = view.option(option);
  const reach = view.numbers(auto, 3)?.[2];
  if (asked === null || reach === undefined) return null;
  const got = 2 * Math.min(asked, view.number(max) ?? asked);
  if (got >= reach) return null;
  return {
    severity: 'info',
    found: `${option} is set: the buffer stays at ${got} bytes.`,
    why: `Setting it turns autotuning off, which could go up to ${reach} (${auto}).`,
    fixes: [view.change(`leave out ${flag}`, `leave out ${option}`, 'to let the buffer grow')],
  };
}

const autotuning: Rule = {
  name: 'receive-autotuning-off',
  diagnose(view) {
    if (view.number('net.ipv4.tcp_moderate_rcvbuf') !== 0) return null;
    return {
      severity: 'warning',
      found: 'net.ipv4.tcp_moderate_rcvbuf is 0.',
      why: 'Receive buffers never grow, so uploads over long links stay slow.',
      fixes: [view.setSysctl('net.ipv4.tcp_moderate_rcvbuf', 1)],
    };
  },
};

const windowScaling: Rule = {
  name: 'window-scaling-off',
  diagnose(view) {
    if (view.number('net.ipv4.tcp_window_scaling') !== 0) return null;
    return {
      severity: 'warning',
      found: 'net.ipv4.tcp_window_scaling is 0.',
      why: 'No connection can have more than 64 KiB under way (RFC 7323): 5 Mbit/s at 100 ms.',
      fixes: [view.setSysctl('net.ipv4.tcp_window_scaling', 1)],
    };
  },
};

function belowLink(view: View, { auto }: Direction): Diagnosis | null {
  const { link } = view.settings;
  const limits = view.numbers(auto, 3);
  if (link === null || limits === null) return null;
  const product = Math.ceil((link.bandwidthMbit * 1e6 * link.rttMs) / 8 / 1000);
  const [min, initial, max] = limits;
  if (max! >= product) return null;
  const reachable = Math.floor((max! * 8) / 1000 / link.rttMs);
  return {
    severity: 'warning',
    found: `${auto} ends at ${max} bytes; ${link.bandwidthMbit} Mbit/s at ${link.rttMs} ms need ${product}.`,
    why: `One connection gets at most about ${reachable} Mbit/s on that link.`,
    fixes: [view.setSysctl(auto, `${min} ${initial} ${product}`)],
  };
}

const memoryPressure: Rule = {
  name: 'tcp-memory-pressure',
  diagnose(view) {
    const use = view.reading('/proc/net/sockstat', view.facts.socketUse);
    const limits = view.numbers('net.ipv4.tcp_mem', 3);
    if (use === null || limits === null || use.memoryPages <= limits[1]!) return null;
    const [low, pressure, high] = limits;
    return {
      severity: 'warning',
      found: `TCP holds ${use.memoryPages} pages, above the pressure mark ${pressure} of net.ipv4.tcp_mem.`,
      why: 'The kernel shrinks all windows now and drops segments at the third mark.',
      fixes: [view.setSysctl('net.ipv4.tcp_mem', `${low! * 2} ${pressure! * 2} ${high! * 2}`)],
    };
  },
};

const otherSockets: Rule = {
  name: 'default-buffers-are-not-tcp',
  diagnose(view) {
    const changed = (['net.core.rmem_default', 'net.core.wmem_default'] as const).filter(
      (name) => ![null, STOCK_DEFAULT].includes(view.number(name)),
    );
    if (changed.length === 0) return null;
    return {
      severity: 'info',
      found: `${changed.join(' and ')} ${changed.length > 1 ? 'have' : 'has'} been changed.`,
      why: 'They do nothing for TCP, whose buffers begin at the second value of tcp_rmem and tcp_wmem.',
    };
  },
};

/** Bytes; the same in every kernel on machines with 4 KiB pages and 64 bits. */
const STOCK_DEFAULT = 212_992;

export const BUFFER_RULES: readonly Rule[] = [
  { name: 'receive-buffer-clamped', diagnose: (view) => clamped(view, RECEIVE) },
  { name: 'send-buffer-clamped', diagnose: (view) => clamped(view, SEND) },
  autotuning,
  windowScaling,
  { name: 'receive-window-below-link', diagnose: (view) => belowLink(view, RECEIVE) },
  { name: 'send-window-below-link', diagnose: (view) => belowLink(view, SEND) },
  memoryPressure,
  { name: 'receive-buffer-locked', diagnose: (view) => locked(view, RECEIVE) },
  { name: 'send-buffer-locked', diagnose: (view) => locked(view, SEND) },
  otherSockets,
];
