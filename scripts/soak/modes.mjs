const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * What a conversation can be. `role` is the server's part of it (roles.mjs), `weight` how often it
 * is chosen, `up` and `down` the most bytes each way. `survives`: both ends must finish in order,
 * each with every byte of the other; of the rest, what arrived must be right as far as it goes.
 * `end`: how the client ends its side after what it sends: with FIN, unless it says otherwise.
 * `slow`: the client reads with pauses. `noise`: bytes sent, in pieces, that the server is free to
 * ignore.
 */
export const modes = {
  echo: { role: 'echo', weight: 6, up: 2 * MIB, survives: true },
  'echo-own-memory': { role: 'ownMemory', weight: 4, up: 2 * MIB, survives: true },
  'slow-echo': { role: 'echo', weight: 3, up: MIB, survives: true, slow: true },
  'half-close': { role: 'halfClose', weight: 4, up: MIB, down: 2 * MIB, survives: true },
  'slow-half-close': {
    role: 'halfClose',
    weight: 2,
    up: 64 * KIB,
    down: 4 * MIB,
    survives: true,
    slow: true,
  },
  burst: { role: 'burst', weight: 3, down: 8 * MIB, survives: true, end: 'wait' },
  'slow-burst': {
    role: 'burst',
    weight: 2,
    down: 4 * MIB,
    noise: 64 * KIB,
    survives: true,
    slow: true,
    end: 'wait',
  },
  'paused-protocol': { role: 'paused', weight: 4, up: 2 * MIB, down: 64 * KIB, survives: true },
  churn: { role: 'echo', weight: 12, up: 64, survives: true },
  stall: { role: 'stall', weight: 3, up: 64, survives: true },
  'client-reset': { role: 'echo', weight: 4, up: MIB, end: 'reset' },
  'server-reset': { role: 'reset', weight: 3, up: 256 * KIB, down: MIB, end: 'wait' },
  'server-abort': { role: 'abort', weight: 3, up: 256 * KIB, down: MIB, end: 'wait' },
  'protocol-throws': { role: 'throws', weight: 2, up: 64 * KIB },
  'silent-close': { role: 'silent', weight: 3 },
  'silent-reset': { role: 'silent', weight: 3, end: 'reset' },
  // The rest is not chosen by chance: see traffic.mjs and faults.mjs.
  pool: { role: 'echo', weight: 0, survives: true },
  veteran: { role: 'echo', weight: 0, survives: true },
  flood: { role: 'echo', weight: 0, up: 256, survives: true },
  starved: { role: 'echo', weight: 0, up: 256, survives: true },
  'turned-away': { role: 'echo', weight: 0, up: 256 },
  victim: { role: 'echo', weight: 0, up: MIB },
};

/** First line of every connection that says anything: who it is and what it wants. */
export function formatHello({ mode, seed, up, down }) {
  return `${mode} ${seed} ${up} ${down}\n`;
}

export function parseHello(line) {
  const [mode, ...numbers] = line.split(' ');
  const [seed, up, down] = numbers.map(Number);
  return { mode, seed, up, down };
}

/** The seed of the bytes that come back: an echo's are those that were sent. */
export function replySeed({ mode, seed }) {
  return ['echo', 'ownMemory', 'stall'].includes(modes[mode].role) ? seed : seed + 1;
}
