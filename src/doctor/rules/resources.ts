import type { Rule } from '../rule.js';

/** Descriptors, CPUs and the engine: what the process itself is given. */

/** Descriptors that a Node process holds besides connections: epoll, pipes, logs, modules being read. */
const OWN_DESCRIPTORS = 50;

const openFiles: Rule = {
  name: 'too-few-descriptors',
  anySocket: true,
  diagnose(view) {
    const limit = view.reading('/proc/self/limits', view.facts.openFiles);
    const { maxConnections, backlog } = view.settings;
    if (limit === null || maxConnections === null) return null;
    const needed = maxConnections + backlog + OWN_DESCRIPTORS;
    if (limit.soft >= needed) return null;
    const perProcess = view.number('fs.nr_open');
    const raise = {
      command: `ulimit -n ${needed}`,
      persist: null,
      note: `as root, in the shell that starts the server; LimitNOFILE=${needed} in a systemd unit`,
    };
    return {
      severity: 'warning',
      found: `The process may have ${limit.soft} descriptors open; maxConnections ${maxConnections} needs ${needed}.`,
      why: 'accept(2) fails with EMFILE before the limit of connections is reached, and clients wait unanswered.',
      fixes:
        perProcess !== null && perProcess < needed
          ? [view.setSysctl('fs.nr_open', needed, 'first'), raise]
          : [raise],
    };
  },
};

const systemFiles: Rule = {
  name: 'system-descriptors-filling',
  anySocket: true,
  diagnose(view) {
    const numbers = view.numbers('fs.file-nr', 3);
    if (numbers === null) return null;
    const [used, , max] = numbers;
    if (used! <= max! * 0.8) return null;
    return {
      severity: 'warning',
      found: `The whole system has ${used} of ${max} descriptors open (fs.file-nr).`,
      why: 'When they run out, accept(2) fails with ENFILE in every process.',
      fixes: [
        {
          command: `sysctl -w fs.file-max=${max! * 2}`,
          persist: `echo fs.file-max=${max! * 2} >>/etc/sysctl.d/90-hawser.conf`,
          note: null,
        },
      ],
    };
  },
};

const workers: Rule = {
  name: 'more-workers-than-cpus',
  anySocket: true,
  diagnose(view) {
    const { processors } = view.facts;
    if (view.settings.workers <= processors) return null;
    return {
      severity: 'info',
      found: `${view.settings.workers} workers share ${processors} CPUs.`,
      why: 'They take turns; more of them than CPUs only adds switching.',
      fixes: [view.change(`--workers ${processors}`, `--workers ${processors}`)],
    };
  },
};

/** What node:net can set by itself. */
const NODE_CAN_SET: ReadonlySet<string> = new Set(['TCP_NODELAY', 'SO_KEEPALIVE', 'TCP_KEEPIDLE']);

const engine: Rule = {
  name: 'native-engine-missing',
  anySocket: true,
  diagnose(view) {
    const { name, reason } = view.facts.engine;
    const { settings } = view;
    if (name === 'native' || settings.engine === 'node' || view.facts.platform !== 'linux') {
      return null;
    }
    const needed = [
      ...[...settings.options.keys()].filter((name) => !NODE_CAN_SET.has(name)),
      ...(settings.quickAck ? ['quick ACK'] : []),
    ];
    const lost = needed.length === 0 ? '' : ` What it cannot set: ${needed.join(', ')}.`;
    return {
      severity: settings.engine === 'native' ? 'error' : 'warning',
      found: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`,
      why:
        settings.engine === 'native'
          ? 'The server asks for it and does not start.'
          : `The node engine serves instead, at several times the CPU per message.${lost}`,
      fixes: [
        {
          command: 'npm run build:native',
          persist: null,
          note: 'in the package folder; needs a C compiler',
        },
      ],
    };
  },
};

export const RESOURCE_RULES: readonly Rule[] = [engine, openFiles, systemFiles, workers];
