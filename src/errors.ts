import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import type { Address } from './address.js';

/** A system error as Node shapes it: `code`, negative `errno`, `syscall`, and the address where one is involved. */
export interface SystemError extends Error {
  code: string;
  errno: number;
  syscall: string;
  address?: string;
  port?: number;
}

/**
 * The error of a failed system call, worded as Node words it (`connect ECONNREFUSED 127.0.0.1:1`).
 *
 * @param errno the negative error number, as the native layer returns it
 */
export function systemError(errno: number, syscall: string, address?: Address): SystemError {
  const known = getSystemErrorMap().has(errno);
  const code = known ? getSystemErrorName(errno) : `ERRNO_${-errno}`;
  const at = address === undefined ? '' : ` ${address}`;
  const error = new Error(`${syscall} ${code}${at}`) as SystemError;
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  if (address?.family === 'unix') error.address = address.path;
  else if (address !== undefined) {
    error.address = address.host;
    error.port = address.port;
  }
  return error;
}

/** Any error with a Node-style `code`. */
export function codedError<E extends Error>(error: E, code: string): E & { code: string } {
  return Object.assign(error, { code });
}

/** `write` after `writeEof`: the caller's mistake, thrown at once. */
export function writeAfterEnd(): Error {
  return codedError(
    new Error('write after writeEof(): the write side of this transport is already shut down'),
    'ERR_STREAM_WRITE_AFTER_END',
  );
}

/** A value given to `write` that is neither bytes nor a string. */
export function notWritable(data: unknown): TypeError {
  const got = data === null ? 'null' : Array.isArray(data) ? 'an array' : typeof data;
  return codedError(
    new TypeError(`data must be a Uint8Array (or Buffer) or a string; got ${got}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

/** A caught value as an Error, whatever was thrown. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return codedError(
    new Error(`a callback threw a value that is not an Error: ${String(thrown)}`, {
      cause: thrown,
    }),
    'ERR_NOT_AN_ERROR',
  );
}
