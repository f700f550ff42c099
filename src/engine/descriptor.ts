/*
 * Descriptors made elsewhere: what they are is asked of the kernel, before anything is done to them.
 *
 * - SO_TYPE and SO_DOMAIN (socket(7)) fail with ENOTSOCK for files and pipes.
 * - A TCP socket without a peer is in state CLOSE, SYN_SENT or LISTEN. Of a unix socket SO_PEERCRED
 *   tells: of one without a peer it has no user, -1 (unix(7); Linux 6.18).
 */
import type { Address } from '../address.js';
import { codedError, type SystemError, systemError } from '../errors.js';
import { KernelSocket, type OptionCalls } from '../options/access.js';
import { findOption, optionLevels, type SocketOptionName } from '../options/catalogue.js';

/** Values of SO_TYPE and SO_DOMAIN on Linux, where the addon and so `OptionCalls` are. */
const SOCK_STREAM = 1;
const families: Record<number, Address['family']> = { 1: 'unix', 2: 'IPv4', 10: 'IPv6' };
const types: Record<number, string> = { 2: 'a datagram socket', 5: 'a SOCK_SEQPACKET socket' };

/** What `createServer({ fd })` needs. */
export const LISTENABLE = 'a listening (or bound) stream socket';
/** What `connect({ fd })` needs. */
export const CONNECTED = 'a connected stream socket';

/**
 * The family of a socket.
 * @throws TypeError when the descriptor is not open, or is no socket
 */
export function familyOf(calls: OptionCalls, fd: number): Address['family'] {
  return families[readNumber(calls, fd, 'SO_DOMAIN', 'a stream socket')] ?? 'IPv4';
}

/** @throws TypeError unless the descriptor can be listened on */
export function checkListenable(calls: OptionCalls, fd: number): void {
  checkStream(calls, fd, LISTENABLE);
  if (isListening(calls, fd) || !hasPeer(calls, fd)) return;
  throw unfit(fd, LISTENABLE, 'it is a connected one');
}

/** @throws TypeError unless the descriptor is a connection */
export function checkConnected(calls: OptionCalls, fd: number): void {
  checkStream(calls, fd, CONNECTED);
  if (isListening(calls, fd)) throw unfit(fd, CONNECTED, 'it is a listening one');
  if (!hasPeer(calls, fd)) throw unfit(fd, CONNECTED, 'it has no peer');
}

/** Whether a socket listens already. */
export function isListening(calls: OptionCalls, fd: number): boolean {
  return readNumber(calls, fd, 'SO_ACCEPTCONN', LISTENABLE) === 1;
}

/** The error for a descriptor that does not fit. */
export function unfit(fd: number, right: string, why: string, cause?: unknown): TypeError {
  const message = `fd ${fd} must be ${right}; ${why}`;
  return codedError(new TypeError(message, { cause }), 'ERR_INVALID_ARG_VALUE');
}

function checkStream(calls: OptionCalls, fd: number, right: string): void {
  const type = readNumber(calls, fd, 'SO_TYPE', right);
  if (type === SOCK_STREAM) return;
  throw unfit(fd, right, `it is ${types[type] ?? `a socket of type ${type}`}`);
}

/** Whether a stream socket that does not listen has a peer. */
function hasPeer(calls: OptionCalls, fd: number): boolean {
  const socket = new KernelSocket({ calls, fd: () => fd, kind: 'connection', asked: [] });
  if (familyOf(calls, fd) === 'unix') return socket.get('SO_PEERCRED').uid !== 0xffff_ffff;
  return !['CLOSE', 'SYN_SENT'].includes(socket.tcpInfo().state);
}

function readNumber(calls: OptionCalls, fd: number, name: SocketOptionName, right: string): number {
  const option = findOption(name)!;
  const value = Buffer.alloc(4);
  const length = calls.getsockopt(fd, optionLevels[option.level], option.number, value);
  if (length < 0) throw unreadable(fd, right, systemError(length, 'getsockopt'));
  return new Int32Array(value.buffer, value.byteOffset, 1)[0]!;
}

function unreadable(fd: number, right: string, error: SystemError): TypeError {
  const why = { EBADF: 'it is not open', ENOTSOCK: 'it is no socket' }[error.code];
  return unfit(fd, right, why ?? error.message, error);
}
