import { isIP } from 'node:net';
import { CAP_NET_BIND_SERVICE } from '../facts.js';
import type { Rule } from '../rule.js';

/**
 * Where a server listens, ip(7) and socket(7).
 *
 * The kernel gives outgoing connections ports from ip_local_port_range, except those in
 * ip_local_reserved_ports. SO_REUSEPORT makes a second start succeed and take its
 * share; closing one of several such listeners resets what is queued on it unless
 * tcp_migrate_req is 1 (Linux 5.14).
 */

const privilegedPort: Rule = {
  name: 'privileged-port',
  diagnose(view) {
    const first = view.number('net.ipv4.ip_unprivileged_port_start');
    const { port } = view.settings;
    if (first === null || port === 0 || port >= first) return null;
    if (view.capable(CAP_NET_BIND_SERVICE) !== false) return null;
    return {
      severity: 'error',
      found: `Port ${port} is below ${first} (net.ipv4.ip_unprivileged_port_start) and this user lacks CAP_NET_BIND_SERVICE.`,
      why: 'bind(2) fails with EACCES, so the server does not start.',
      fixes: [
        view.setSysctl('net.ipv4.ip_unprivileged_port_start', port),
        {
          command: 'setcap cap_net_bind_service=+ep "$(command -v node)"',
          persist: null,
          note: 'or AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit',
        },
      ],
    };
  },
};

const ephemeralPort: Rule = {
  name: 'port-is-ephemeral',
  diagnose(view) {
    const range = view.numbers('net.ipv4.ip_local_port_range', 2);
    const { port } = view.settings;
    if (range === null || port < range[0]! || port > range[1]!) return null;
    const reserved = view.ports('net.ipv4.ip_local_reserved_ports') ?? [];
    if (reserved.some(([low, high]) => port >= low && port <= high)) return null;
    const list = [...reserved, [port, port] as const];
    const text = list.map(([low, high]) => (low === high ? `${low}` : `${low}-${high}`)).join(',');
    return {
      severity: 'warning',
      found: `Port ${port} is inside ${range[0]}-${range[1]} (net.ipv4.ip_local_port_range).`,
      why: 'An outgoing connection may hold it when the server starts: EADDRINUSE, now and then.',
      fixes: [view.setSysctl('net.ipv4.ip_local_reserved_ports', text)],
    };
  },
};

const migrateRequests: Rule = {
  name: 'reuse-port-without-migration',
  diagnose(view) {
    const { reusePort, workers } = view.settings;
    if (!reusePort && workers === 1) return null;
    if (view.number('net.ipv4.tcp_migrate_req') !== 0) return null;
    return {
      severity: 'warning',
      found: 'SO_REUSEPORT is on and net.ipv4.tcp_migrate_req is 0.',
      why: 'When one of the processes that share the port restarts, the connections queued on it are reset.',
      fixes: [view.setSysctl('net.ipv4.tcp_migrate_req', 1)],
    };
  },
};

const reusePortAlone: Rule = {
  name: 'reuse-port-alone',
  diagnose(view) {
    const { reusePort, workers } = view.settings;
    if (!reusePort || workers > 1) return null;
    return {
      severity: 'warning',
      found: 'SO_REUSEPORT is on for a single process.',
      why: 'A second start by mistake succeeds without a word and takes about half of the connections.',
      fixes: [view.change('--no-reuse-port', 'reusePort: false')],
    };
  },
};

const reuseAddressOff: Rule = {
  name: 'reuse-address-off',
  diagnose(view) {
    if (view.settings.reuseAddress) return null;
    return {
      severity: 'warning',
      found: 'SO_REUSEADDR is off.',
      why: 'After traffic a restart fails with EADDRINUSE for up to 60 s, while old connections are in TIME_WAIT.',
      fixes: [view.change('--reuse-address', 'reuseAddress: true')],
    };
  },
};

const v6Only: Rule = {
  name: 'dual-stack-off',
  diagnose(view) {
    const { hosts, ipv6Only } = view.settings;
    const dual = hosts !== null && (hosts.length === 0 || hosts.includes('::'));
    if (!dual || ipv6Only || view.number('net.ipv6.bindv6only') !== 1) return null;
    return {
      severity: 'warning',
      found: 'The server listens on ::, and net.ipv6.bindv6only is 1.',
      why: 'A socket that does not clear IPV6_V6ONLY itself then refuses IPv4 clients.',
      fixes: [view.setSysctl('net.ipv6.bindv6only', 0)],
    };
  },
};

const notLocal: Rule = {
  name: 'address-not-local',
  diagnose(view) {
    const nonlocal = view.number('net.ipv4.ip_nonlocal_bind');
    if (nonlocal !== 0) return null;
    if (view.switched('IP_FREEBIND') || view.switched('IP_TRANSPARENT')) return null;
    const missing = view.settings.hosts?.find(
      (host) => isIP(host) !== 0 && !isLocal(host, view.facts.localAddresses),
    );
    if (missing === undefined) return null;
    const freebind = isIP(missing) === 6 ? 'IPV6_FREEBIND' : 'IP_FREEBIND';
    return {
      severity: 'info',
      found: `${missing} is not an address of this machine now.`,
      why: 'bind(2) fails with EADDRNOTAVAIL until it is (a floating address, an interface not up yet).',
      fixes: [
        view.change(`--option ${freebind}=on`, `listenerOptions: { ${freebind}: true }`),
        { command: 'ip -brief address', persist: null, note: 'lists what there is' },
      ],
    };
  },
};

/** Whether bind(2) takes the address: one of an interface, the loopback network, or a wildcard. */
function isLocal(host: string, addresses: readonly string[]): boolean {
  if (host.startsWith('127.')) return true;
  return ['0.0.0.0', '::', '::1', ...addresses].map(canonical).includes(canonical(host));
}

/** One spelling per address, without the interface of a link-local one. */
function canonical(address: string): string {
  const bare = address.replace(/%.*$/, '');
  return isIP(bare) === 6 ? new URL(`tcp://[${bare}]`).hostname : bare;
}

const exposed: Rule = {
  name: 'listens-everywhere',
  diagnose(view) {
    const { hosts } = view.settings;
    const open = hosts?.find((host) => host === '0.0.0.0' || host === '::');
    if (hosts?.length !== 0 && open === undefined) return null;
    return {
      severity: 'info',
      found: `The server listens on every interface${open === undefined ? '' : ` (${open})`}.`,
      why: 'Whoever can reach this machine can connect.',
      fixes: [view.change('--host 127.0.0.1', "host: '127.0.0.1'", 'if only this machine should')],
    };
  },
};

export const ADDRESS_RULES: readonly Rule[] = [
  privilegedPort,
  ephemeralPort,
  migrateRequests,
  reusePortAlone,
  reuseAddressOff,
  v6Only,
  notLocal,
  exposed,
];
