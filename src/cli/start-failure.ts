import { SocketOptionError } from '../options/error.js';
import { UsageError } from './arguments.js';
import type { EchoSettings } from './flags.js';

/** Why a server did not start: one line for a person, and the exit code. */
export interface StartFailure {
  readonly message: string;
  /** 2: the command line makes no sense; 1: the machine says no. */
  readonly exitCode: 1 | 2;
}

/** What went wrong and what helps; null for an error that nobody foresaw, which is a bug. */
export function explainFailure(error: unknown, settings: EchoSettings): StartFailure | null {
  if (error instanceof UsageError) return { message: error.message, exitCode: 2 };
  if (error instanceof SocketOptionError) {
    return { message: error.message, exitCode: error.errno === undefined ? 2 : 1 };
  }
  const { code, message, address } = error as NodeJS.ErrnoException & { address?: string };
  if (code === undefined) return null;
  const cure = settings.path === null ? tcpCure(code, settings, address) : pathCure(code);
  return { message: cure === null ? message : `${message}: ${cure}`, exitCode: 1 };
}

function tcpCure(code: string, { host, port }: EchoSettings, address = host): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return `the port is taken; \`ss -ltnp 'sport = :${port}'\` shows by whom; stop that or choose another with --port`;
    case 'EACCES':
    case 'EPERM':
      return `ports below net.ipv4.ip_unprivileged_port_start (1024) need root or CAP_NET_BIND_SERVICE; choose a higher one with --port`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${address}; \`ip address\` lists those it has, --host chooses`;
    case 'EINVAL':
      return `${address} needs the interface it is on (fe80::1%eth0)`;
    case 'EAFNOSUPPORT':
      return `this machine has no ${address.includes(':') ? 'IPv6' : 'IPv4'}; choose another address with --host`;
    case 'ENOTFOUND':
      return `no address is known for the name "${host}"; give one that resolves, or an address, with --host`;
    case 'EAI_AGAIN':
      return `the name server did not answer for "${host}"; try again or give an address with --host`;
    default:
      return null;
  }
}

function pathCure(code: string): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return 'a server answers there, or it is not a socket; remove the file or choose another with --path';
    case 'ENOENT':
      return 'its folder does not exist; make it or choose another with --path';
    case 'EACCES':
    case 'EPERM':
      return 'its folder is not writable for this user; choose another with --path';
    default:
      return null;
  }
}
