import { findOption, type SocketOption, type SocketOptionName } from './catalogue.js';
import type { OptionValue } from './codec.js';
import { SocketOptionError, shownValue } from './error.js';
import { roundings } from './rounding.js';
import { readSysctl } from './sysctl.js';

/** One option that was asked for, and what became of it. */
export interface OptionReport {
  readonly name: string;
  /** The value that was set. */
  readonly asked: unknown;
  /** What the kernel says now; undefined when it cannot be read. */
  readonly got: OptionValue | undefined;
  /** Why `got` differs, or why the option will not do what it says; null when all is as asked. */
  readonly reason: string | null;
}

/** Options that are read back under another name. */
const READ_AS: Readonly<Record<string, SocketOptionName>> = {
  SO_RCVBUFFORCE: 'SO_RCVBUF',
  SO_SNDBUFFORCE: 'SO_SNDBUF',
};

/**
 * Compares what was asked with what the kernel says, one row per option, in the order asked.
 *
 * @param read getsockopt(2) by name; its SocketOptionError becomes the row's reason
 */
export function reportOptions(
  asked: ReadonlyMap<string, unknown>,
  kind: 'listener' | 'connection' | 'client',
  read: (name: SocketOptionName) => OptionValue,
): OptionReport[] {
  const rows: OptionReport[] = [];
  for (const [name, value] of asked) {
    const option = findOption(name);
    if (option === undefined) continue;
    if (kind !== 'listener' && option.role === 'listener' && option.inherited === 'no') continue;
    rows.push(reportOne(option, value, read));
  }
  return rows;
}

function reportOne(
  option: SocketOption,
  asked: unknown,
  read: (name: SocketOptionName) => OptionValue,
): OptionReport {
  const { name } = option;
  const readName = READ_AS[name] ?? (option.access === 'write' ? undefined : name);
  if (readName === undefined) {
    return { name, asked, got: undefined, reason: 'set; the kernel does not let it be read back' };
  }
  let got: OptionValue;
  try {
    got = read(readName);
  } catch (error) {
    if (!(error instanceof SocketOptionError)) throw error;
    return { name, asked, got: undefined, reason: error.message };
  }
  const same = shownValue(asked) === shownValue(got);
  return {
    name,
    asked,
    got,
    reason: same ? caveat(option, asked) : difference(option, asked, got),
  };
}

/** Why an option that reads as asked may still not do what it says. */
function caveat(option: SocketOption, asked: unknown): string | null {
  if (option.name === 'TCP_QUICKACK' && asked === true) {
    return 'not permanent: the kernel clears it after the first reply';
  }
  if (option.name === 'TCP_FASTOPEN' && asked !== 0) {
    const bits = readSysctl('net.ipv4.tcp_fastopen');
    if (bits !== undefined && (bits & 2) === 0) {
      return `without effect: bit 2 of net.ipv4.tcp_fastopen (now ${bits}) is not set`;
    }
  }
  return null;
}

function difference(option: SocketOption, asked: unknown, got: OptionValue): string {
  switch (option.name) {
    case 'SO_RCVBUF':
      return bufferDifference(Number(asked), Number(got), 'net.core.rmem_max');
    case 'SO_SNDBUF':
      return bufferDifference(Number(asked), Number(got), 'net.core.wmem_max');
    case 'SO_RCVBUFFORCE':
    case 'SO_SNDBUFFORCE':
      return `doubled by the kernel for its own bookkeeping; ${AUTOTUNING_OFF}`;
    case 'TCP_QUICKACK':
      return 'not permanent: the kernel clears and sets it as the conversation goes';
    case 'TCP_MAXSEG':
      return 'the size negotiated with the peer, less the TCP options of each segment';
    case 'SO_RCVTIMEO':
    case 'SO_SNDTIMEO':
      return "rounded up to a multiple of the kernel's tick";
    case 'SO_INCOMING_CPU':
      return 'a connection reads the CPU on which its last packet arrived';
  }
  if (option.rounding !== undefined) return roundings[option.rounding].text;
  return 'it was changed since, or the kernel derives it from something else';
}

const AUTOTUNING_OFF = 'a fixed size turns autotuning off';

function bufferDifference(asked: number, got: number, limitName: string): string {
  const limit = readSysctl(limitName);
  if (limit !== undefined && asked > limit && got === limit * 2) {
    return `capped at ${limitName} (${limit}), then doubled by the kernel; ${AUTOTUNING_OFF}`;
  }
  if (got === asked * 2) return `doubled by the kernel for its own bookkeeping; ${AUTOTUNING_OFF}`;
  if (asked * 2 < got) return `raised to the smallest the kernel allows; ${AUTOTUNING_OFF}`;
  return 'it was changed since, or the kernel derives it from something else';
}
