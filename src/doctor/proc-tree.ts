import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codedError } from '../errors.js';
import type { Reading, Sysctl } from './facts.js';
import type { SysctlName } from './sysctl-names.js';

/**
 * Reading /proc without trusting it. What the doctor relies on:
 *
 * - A sysctl `net.core.somaxconn` is the file `/proc/sys/net/core/somaxconn`; vectors are
 *   separated by tabs. Most under `net` belong to the network namespace of the reader.
 *   Some exist only in the first namespace (`netdev_max_backlog`, `tcp_mem`): elsewhere the
 *   file is missing. `rmem_max` and `wmem_max` are there but 0444 outside it.
 * - Containers mount /proc/sys read-only, hide files, or bind other things over them.
 * - access(2) on a sysctl follows the mode bits even for root, so mode 0444 is a
 *   definite no; EROFS is a read-only mount; EACCES is a matter of who asks.
 * - These files have no size; a read beyond `LIMIT` means that this is no sysctl.
 *   A fifo or device in their place would block or never end, so only regular files are opened.
 */
const LIMIT = 1 << 20;

/** The files below a root directory: the machine's own, a host's mounted into a container, or a test's. */
export class ProcTree {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The text of a file named from the root (`proc/net/snmp`), at most 1 MiB. */
  read(path: string): Reading<string> {
    try {
      return { ok: true, value: this.#text(join(this.#root, path)) };
    } catch (error) {
      return { ok: false, reason: reasonOf(error) };
    }
  }

  /** A sysctl by its dotted name. */
  sysctl(name: SysctlName): Sysctl {
    const path = `proc/sys/${name.replaceAll('.', '/')}`;
    const text = this.read(path);
    return { text, access: text.ok ? this.#access(path) : 'read-only' };
  }

  #text(path: string): string {
    if (!statSync(path).isFile()) throw codedError(new Error('not a file'), 'ENOTFILE');
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.allocUnsafe(LIMIT + 1);
      let length = 0;
      while (length <= LIMIT) {
        const count = readSync(fd, buffer, length, buffer.length - length, null);
        if (count === 0) return buffer.toString('utf8', 0, length);
        length += count;
      }
      throw codedError(new Error('too large'), 'EFBIG');
    } finally {
      closeSync(fd);
    }
  }

  #access(path: string): Sysctl['access'] {
    const full = join(this.#root, path);
    try {
      if ((statSync(full).mode & 0o222) === 0) return 'read-only';
      accessSync(full, constants.W_OK);
      return 'writable';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'needs-root' : 'read-only';
    }
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'not visible here';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOTFILE':
      return 'not a file';
    case 'EFBIG':
      return 'larger than 1 MiB, which no such file is';
    default:
      return code ?? message;
  }
}
