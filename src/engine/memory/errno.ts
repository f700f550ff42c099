import { getSystemErrorMap } from 'node:util';

/**
 * The negative error numbers that the memory network answers with, as `systemError`
 * takes them: Node's own, which on Linux are the kernel's.
 */
const numbers = new Map([...getSystemErrorMap()].map(([number, [name]]) => [name, number]));

function numberOf(name: string): number {
  const number = numbers.get(name);
  if (number === undefined) throw new Error(`this Node has no number for ${name}`);
  return number;
}

export const EADDRINUSE = numberOf('EADDRINUSE');
export const EADDRNOTAVAIL = numberOf('EADDRNOTAVAIL');
export const EAGAIN = numberOf('EAGAIN');
export const ECONNREFUSED = numberOf('ECONNREFUSED');
export const ECONNRESET = numberOf('ECONNRESET');
export const EHOSTUNREACH = numberOf('EHOSTUNREACH');
export const ENETUNREACH = numberOf('ENETUNREACH');
export const ENOENT = numberOf('ENOENT');
export const ENOTCONN = numberOf('ENOTCONN');
export const EPIPE = numberOf('EPIPE');
export const ETIMEDOUT = numberOf('ETIMEDOUT');
