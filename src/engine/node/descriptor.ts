/*
 * Descriptors made elsewhere. Once node:net has one it cannot give it back: closing
 * the handle closes the descriptor. Where the addon is loaded, what does not fit is
 * therefore refused before; without it, a descriptor that is refused is closed.
 */
import type { Address } from '../../address.js';
import { codedError, systemError } from '../../errors.js';
import { KernelSocket, type OptionCalls } from '../../options/access.js';
import { findOption, optionLevels, type SocketOptionName } from '../../options/catalogue.js';

/** Values of SO_TYPE and SO_DOMAIN. The addon is for Linux, and so are these. */
const SOCK_STREAM = 1;
const families: Record<number, Address['family']> = { 1: 'unix', 2: 'IPv4', 10: 'IPv6' };

/**
 * The family of a socket.
 * @throws SystemError when the descriptor is not open or no socket
 */
export function familyOf(calls: OptionCalls, fd: number): Address['family'] {
  return families[readNumber(calls, fd, 'SO_DOMAIN')] ?? 'IPv4';
}

/** @throws TypeError or SystemError unless the descriptor can be listened on */
export function checkListenable(calls: OptionCalls, fd: number): void {
  const type = readNumber(calls, fd, 'SO_TYPE');
  if (type === SOCK_STREAM && !isConnected(calls, fd)) return;
  const is = type === SOCK_STREAM ? 'a connected one' : `a socket of type ${type}`;
  throw unfit(fd, 'a listening (or bound) stream socket', `it is ${is}`);
}

/** @throws TypeError or SystemError unless the descriptor is a connection */
export function checkConnected(calls: OptionCalls, fd: number): void {
  const type = readNumber(calls, fd, 'SO_TYPE');
  const isListening = readNumber(calls, fd, 'SO_ACCEPTCONN') === 1;
  if (type === SOCK_STREAM && !isListening && familyOf(calls, fd) === 'unix') return;
  if (type === SOCK_STREAM && isConnected(calls, fd)) return;
  throw unfit(
    fd,
    'a connected stream socket',
    `it is ${isListening ? 'a listening' : 'another'} one`,
  );
}

/** The error for a descriptor that does not fit. */
export function unfit(fd: number, right: string, why: string, cause?: unknown): TypeError {
  const message = `fd ${fd} must be ${right}; ${why}`;
  return codedError(new TypeError(message, { cause }), 'ERR_INVALID_ARG_VALUE');
}

/** Whether a TCP socket has a peer. Of a unix socket the options do not tell. */
function isConnected(calls: OptionCalls, fd: number): boolean {
  if (familyOf(calls, fd) === 'unix') return false;
  const socket = new KernelSocket({ calls, fd: () => fd, kind: 'client', asked: [] });
  return !['CLOSE', 'LISTEN'].includes(socket.tcpInfo().state);
}

function readNumber(calls: OptionCalls, fd: number, name: SocketOptionName): number {
  const option = findOption(name)!;
  const value = Buffer.alloc(4);
  const length = calls.getsockopt(fd, optionLevels[option.level], option.number, value);
  if (length < 0) throw systemError(length, `getsockopt on descriptor ${fd}`);
  return new Int32Array(value.buffer, value.byteOffset, 1)[0]!;
}
