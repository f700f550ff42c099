/**
 * Who else listens on our port.
 *
 * Facts it relies on: with SO_REUSEPORT on both sides, bind(2) and listen(2) of a
 * second process of the same user succeed, and the kernel gives each listener a part
 * of the connections; nothing tells either process. A listener on a wildcard address
 * shares in the same way, or loses the more specific address altogether.
 * `/proc/net/tcp` and `tcp6` list the listening sockets of this network namespace,
 * whoever owns them, before all others (proc(5)); each of ours is there once.
 *
 * Binding a probe without SO_REUSEPORT beforehand would find the same, but also
 * connections of an earlier server in TIME_WAIT, and would miss a server that starts
 * at the same moment. Looking after listen(2), the later of two sees the earlier.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { type Address, type IpAddress, ipAddress } from '../address.js';

const LISTEN = '0A';
const CHUNK_BYTES = 64 * 1024;

/** How many listeners of other processes take connections for these addresses; 0 where /proc does not say. */
export function otherListeners(ours: readonly Address[], root = '/'): number {
  const mine = ours.filter((address): address is IpAddress => address.family !== 'unix');
  const listening = ['tcp', 'tcp6'].flatMap((table) => listenersIn(`${root}proc/net/${table}`));
  const same = listening.filter((address) => mine.some((own) => overlap(own, address)));
  return Math.max(0, same.length - mine.length);
}

function overlap(a: IpAddress, b: IpAddress): boolean {
  return a.port === b.port && (a.host === b.host || isWildcard(a) || isWildcard(b));
}

function isWildcard({ host }: IpAddress): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The addresses of the listening rows. There may be a million rows of connections after them. */
function listenersIn(path: string): IpAddress[] {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    // Not Linux, no IPv6, or no /proc: then there is nothing to say.
    return [];
  }
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let text = '';
    for (;;) {
      const count = readSync(fd, chunk);
      text += chunk.toString('latin1', 0, count);
      const rows = text.split('\n').slice(1, -1).map(columnsOf);
      const firstOther = rows.findIndex(({ state }) => state !== LISTEN);
      if (count > 0 && firstOther < 0) continue;
      return rows
        .slice(0, firstOther < 0 ? rows.length : firstOther)
        .map(({ local }) => decode(local));
    }
  } finally {
    closeSync(fd);
  }
}

function columnsOf(row: string): { local: string; state: string } {
  const [, local = '', , state = ''] = row.trim().split(/\s+/);
  return { local, state };
}

/** `0100007F:22B8`: the address as 32-bit words in the machine's byte order, the port as a number. */
function decode(local: string): IpAddress {
  const [words = '', port = ''] = local.split(':');
  const bytes = Buffer.from(words, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  const host =
    bytes.length === 4 ? [...bytes].join('.') : compressed(bytes.toString('hex').match(/.{4}/g)!);
  return ipAddress(host, Number.parseInt(port, 16));
}

/** IPv6 as it is usually written (RFC 5952); the URL parser knows how. */
function compressed(groups: readonly string[]): string {
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
