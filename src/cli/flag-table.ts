import type { Flag } from './arguments.js';

const LISTENING = 'Where it listens';
const CONNECTIONS = 'Every connection';
const RUNNING = 'Running';

/** The flags that describe a server, as `--help` lists them. */
export const SERVER_FLAGS: readonly Flag[] = [
  {
    name: 'host',
    argument: 'ADDRESS',
    group: LISTENING,
    help: 'name or address to listen on (default 127.0.0.1)',
  },
  {
    name: 'port',
    argument: 'PORT',
    group: LISTENING,
    help: 'port, 0 to let the kernel choose (default 8888)',
  },
  {
    name: 'path',
    argument: 'FILE',
    group: LISTENING,
    help: 'a unix socket instead of host and port',
  },
  {
    name: 'backlog',
    argument: 'COUNT',
    group: LISTENING,
    help: 'connections that may wait to be accepted (default 100)',
  },
  {
    name: 'reuse-address',
    negatable: true,
    group: LISTENING,
    help: 'SO_REUSEADDR: restart at once (default on)',
  },
  {
    name: 'reuse-port',
    negatable: true,
    group: LISTENING,
    help: 'SO_REUSEPORT: share the port with other processes (default on)',
  },
  {
    name: 'max-connections',
    argument: 'COUNT',
    group: LISTENING,
    help: 'stop accepting above this many (default: no limit)',
  },
  {
    name: 'nodelay',
    negatable: true,
    group: CONNECTIONS,
    help: "TCP_NODELAY: no Nagle's algorithm (default on)",
  },
  {
    name: 'quickack',
    negatable: true,
    group: CONNECTIONS,
    help: 'keep TCP_QUICKACK on for the whole life (default on)',
  },
  {
    name: 'keepalive-idle',
    argument: 'SECONDS',
    group: CONNECTIONS,
    help: 'silence before the first probe (default 1800)',
  },
  {
    name: 'keepalive-count',
    argument: 'PROBES',
    group: CONNECTIONS,
    help: 'unanswered probes before giving up (default 9)',
  },
  {
    name: 'keepalive-interval',
    argument: 'SECONDS',
    group: CONNECTIONS,
    help: 'time between probes (default 15)',
  },
  { name: 'no-keepalive', group: CONNECTIONS, help: 'send no keep-alive probes' },
  {
    name: 'recv-buffer',
    argument: 'BYTES',
    group: CONNECTIONS,
    help: 'SO_RCVBUF; turns autotuning off (default: autotuned)',
  },
  {
    name: 'send-buffer',
    argument: 'BYTES',
    group: CONNECTIONS,
    help: 'SO_SNDBUF; turns autotuning off (default: autotuned)',
  },
  {
    name: 'option',
    argument: 'NAME=VALUE',
    group: CONNECTIONS,
    help: "any socket option by the kernel's name, repeatable; wins over the flags above: TCP_USER_TIMEOUT=30000, TCP_CONGESTION=bbr, SO_LINGER=off",
  },
  {
    name: 'mode',
    argument: 'MODE',
    group: RUNNING,
    help: 'once: echo the first chunk and close; stream: everything until EOF (default once)',
  },
  {
    name: 'engine',
    argument: 'ENGINE',
    group: RUNNING,
    help: 'auto, native or node (default auto: native where it loads)',
  },
];

/** The flags of `hawser echo` alone. */
export const ECHO_FLAGS: readonly Flag[] = [
  ...SERVER_FLAGS,
  {
    name: 'drain-timeout',
    argument: 'SECONDS',
    group: RUNNING,
    help: 'on SIGINT or SIGTERM wait this long for connections (default 10)',
  },
  {
    name: 'log-level',
    argument: 'LEVEL',
    group: RUNNING,
    help: 'silent, error, warning, info or debug (default info)',
  },
  { name: 'log-format', argument: 'FORMAT', group: RUNNING, help: 'text or json (default text)' },
  {
    name: 'explain',
    group: RUNNING,
    help: 'print which system call sets which option when, and exit',
  },
  { name: 'help', short: 'h', group: RUNNING, help: 'print this text' },
];
