import { codedError } from './errors.js';

/** systemd's first passed descriptor (sd_listen_fds(3)). */
const FIRST_FD = 3;

/** A socket that a service manager passed to this process. */
export interface ListenFd {
  /** For `createServer(factory, { fd })`. */
  readonly fd: number;
  /** `FileDescriptorName=` of the socket unit; `unknown` when there is none. */
  readonly name: string;
}

/**
 * The listening sockets passed by systemd or anything else that speaks its
 * protocol: `LISTEN_PID` names this process, `LISTEN_FDS` says how many descriptors
 * follow from 3 on, `LISTEN_FDNAMES` names them (sd_listen_fds(3)). Empty when
 * nothing was passed to this very process. The variables are removed, so that
 * children do not take them for theirs, and a second call finds nothing.
 *
 * @throws Error `ERR_INVALID_LISTEN_FDS` when the variables are meant for us but cannot be right
 */
export function listenFds(env: NodeJS.ProcessEnv = process.env): ListenFd[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env;
  if (LISTEN_PID === undefined || LISTEN_FDS === undefined || Number(LISTEN_PID) !== process.pid)
    return [];
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
  if (!/^\d{1,5}$/.test(LISTEN_FDS)) {
    throw codedError(
      new Error(`LISTEN_FDS must be a number of descriptors; got ${JSON.stringify(LISTEN_FDS)}`),
      'ERR_INVALID_LISTEN_FDS',
    );
  }
  const names = LISTEN_FDNAMES === undefined ? [] : LISTEN_FDNAMES.split(':');
  return Array.from({ length: Number(LISTEN_FDS) }, (_, i) => ({
    fd: FIRST_FD + i,
    name: names[i] || 'unknown',
  }));
}
