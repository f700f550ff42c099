/**
 * Every socket option that matters to a TCP server on Linux, once, as data.
 *
 * Facts it relies on:
 * - Options are numbered per level. x64 and arm64 share the generic numbers; a
 *   test compares each with the C headers of the machine.
 * - A new connection's socket is a copy of its listener, made when the handshake
 *   completes, not at accept(2): what is set on a listener before listen(2) is on
 *   every connection at no cost, with the few exceptions that `inherited` marks.
 * - The limits are those the kernel enforces, found by trying, where the manual
 *   page says something else.
 */
import { ipOptions, ipv6Options } from './catalogue/ip.js';
import { socketLevelOptions } from './catalogue/socket.js';
import { socketSpecialOptions } from './catalogue/socket-special.js';
import type { OptionSpec, OptionSpecs, SocketFamily } from './catalogue/spec.js';
import { tcpOptions } from './catalogue/tcp.js';
import { tcpSpecialOptions } from './catalogue/tcp-special.js';
import type { OptionValues } from './codec.js';

export type { OptionSpec, OptionStage, OptionType, SocketFamily } from './catalogue/spec.js';
export type { OptionReport } from './report.js';

/** The levels of setsockopt(2) by name. */
export const optionLevels = {
  SOL_SOCKET: 1,
  IPPROTO_IP: 0,
  IPPROTO_TCP: 6,
  IPPROTO_IPV6: 41,
} as const;
export type OptionLevel = keyof typeof optionLevels;

const bySocket = { ...socketLevelOptions, ...socketSpecialOptions };
const byTcp = { ...tcpOptions, ...tcpSpecialOptions };

type Catalogue = typeof bySocket & typeof byTcp & typeof ipOptions & typeof ipv6Options;

/** The kernel's name of an option. */
export type SocketOptionName = keyof Catalogue;
/** The name of an option that can be set. */
export type SettableOptionName = {
  [K in SocketOptionName]: Catalogue[K] extends { readonly access: 'read' | 'none' } ? never : K;
}[SocketOptionName];
/** What an option's value is in JavaScript. */
export type SocketOptionValue<K extends SocketOptionName> = OptionValues[Catalogue[K]['type']];
/** Options to set, by name. A name whose value is `undefined` is left alone. */
export type SocketOptions = {
  readonly [K in SettableOptionName]?: SocketOptionValue<K> | undefined;
};

/** One option with everything that is known of it, defaults filled in. */
export interface SocketOption
  extends Omit<OptionSpec, 'access' | 'stage' | 'inherited' | 'families'>,
    Required<Pick<OptionSpec, 'access' | 'stage' | 'inherited' | 'families'>> {
  readonly name: SocketOptionName;
  readonly level: OptionLevel;
}

const familiesOf: Record<OptionLevel, readonly SocketFamily[]> = {
  SOL_SOCKET: ['IPv4', 'IPv6', 'unix'],
  IPPROTO_TCP: ['IPv4', 'IPv6'],
  IPPROTO_IP: ['IPv4', 'IPv6'],
  IPPROTO_IPV6: ['IPv6'],
};

function complete(level: OptionLevel, specs: OptionSpecs): SocketOption[] {
  return Object.entries(specs).map(([name, spec]) => {
    const access = spec.access ?? 'read-write';
    const settable = access === 'read-write' || access === 'write';
    return Object.freeze({
      name: name as SocketOptionName,
      level,
      ...spec,
      access,
      stage: spec.stage ?? 'any time',
      inherited: spec.inherited ?? (settable ? 'yes' : 'no'),
      families: spec.families ?? familiesOf[level],
    });
  });
}

/** The catalogue: every option, by level and then by number. */
export const socketOptions: readonly SocketOption[] = Object.freeze(
  [
    ...complete('SOL_SOCKET', bySocket),
    ...complete('IPPROTO_TCP', byTcp),
    ...complete('IPPROTO_IP', ipOptions),
    ...complete('IPPROTO_IPV6', ipv6Options),
  ].sort((a, b) => levelOrder(a) - levelOrder(b) || a.number - b.number),
);

function levelOrder(option: SocketOption): number {
  return ['SOL_SOCKET', 'IPPROTO_TCP', 'IPPROTO_IP', 'IPPROTO_IPV6'].indexOf(option.level);
}

const byName: ReadonlyMap<string, SocketOption> = new Map(
  socketOptions.map((option) => [option.name, option]),
);

/** The option of that name, if the catalogue has it. */
export function findOption(name: string): SocketOption | undefined {
  return byName.get(name);
}

/** Whether a process can set the option at all. */
export function isSettable(option: SocketOption): boolean {
  return option.access === 'read-write' || option.access === 'write';
}

/** Whether the option's value can be read. */
export function isReadable(option: SocketOption): boolean {
  return option.access === 'read-write' || option.access === 'read';
}
