import { hasReusePort } from '#hawser/engine/node/listener';

/** What node:net does not let an engine promise, with or without the addon. */
export const nodeExceptions: Readonly<Record<string, string>> = {
  'order/turn-before-microtasks': 'Node runs microtasks after every callback of a handle',
  'peer-reset/after-fin-idle': 'libuv stops watching a socket at the end of its input',
  'serving/not-yet': 'node:net listens as soon as it binds: early clients wait, connected',
  'listening/backlog-zero': 'node:net takes a backlog of 0 for its default, 511: refused',
  'unix/only-ours-removed': 'libuv removes whatever has the path when a listener is closed',
  ...(hasReusePort()
    ? {}
    : { 'listening/reuse-port': `Node ${process.versions.node} ignores reusePort: refused` }),
};
