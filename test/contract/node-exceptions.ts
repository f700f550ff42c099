import { hasAbstractNames } from '#hawser/engine/node/address';
import { hasReusePort } from '#hawser/engine/node/listener';

type Exceptions = Readonly<Record<string, string>>;

/** What node:net does not let an engine promise, with or without the addon. */
const always: Exceptions = {
  'order/turn-before-microtasks': 'Node runs microtasks after every callback of a handle',
  'peer-reset/after-fin-idle': 'libuv stops watching a socket at the end of its input',
  'serving/not-yet': 'node:net listens as soon as it binds: early clients wait, connected',
  'listening/backlog-zero': 'node:net takes a backlog of 0 for its default, 511: refused',
  'unix/only-ours-removed': 'libuv removes whatever has the path when a listener is closed',
};

const noReusePort: Exceptions = {
  'listening/reuse-port': 'node:net ignores reusePort before Node 22.12 and 23.1: refused',
};

const noAbstractNames: Exceptions = {
  'unix/abstract': 'node:net changes abstract names before Node 22: refused',
};

const options = 'node:net reads no socket options, and sets few: refused';
const raw = 'not checked: the raw sockets of this check are made with the addon';

/** What is missing besides where the addon is not built. */
export const withoutAddon: Exceptions = {
  'ending/reset-in-callbacks': 'not checked: node:net cannot tell a reset after FIN from the FIN',
  'descriptors/listening': raw,
  'descriptors/listening-closed': raw,
  'descriptors/queued': raw,
  'descriptors/connected-refused': raw,
  'descriptors/client': raw,
  'descriptors/client-not-connected': raw,
  'connecting/aborted-meanwhile': raw,
  'connecting/time-out': raw,
  'socket-options/no-delay': options,
  'socket-options/connection-options': options,
  'socket-options/set': options,
  'socket-options/listener': options,
  'socket-options/client': options,
  'socket-options/tcp-info': options,
};

/** What the engine does not promise on a version of Node. */
export function nodeExceptions(version: string = process.versions.node): Exceptions {
  return {
    ...always,
    ...(hasReusePort(version) ? {} : noReusePort),
    ...(hasAbstractNames(version) ? {} : noAbstractNames),
  };
}
