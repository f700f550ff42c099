import { release } from 'node:os';
import type { SystemError } from '../errors.js';
import { acceptedValues } from './accepted-values.js';
import { findOption, type SocketOption } from './catalogue.js';

/**
 * A socket option that cannot be read or set: an unknown name, a value of the
 * wrong type or out of range, a wrong place, or a refusal of the kernel.
 *
 * The message says the name, the value, what is accepted, the cause and the cure.
 */
export class SocketOptionError extends Error {
  override readonly name = 'SocketOptionError';
  readonly code = 'ERR_SOCKET_OPTION';
  /** The option's name as the caller gave it. */
  readonly option: string;
  /** The value that was to be set; undefined when reading. */
  readonly value: unknown;
  /** The kernel's negative error number, when the kernel refused; `cause` then is the system error. */
  readonly errno: number | undefined;

  constructor(details: {
    option: string;
    problem: string;
    cure?: string | undefined;
    value?: unknown;
    cause?: SystemError | undefined;
  }) {
    const { option, problem, cure, value, cause } = details;
    const shown = value === undefined ? option : `${option} = ${shownValue(value)}`;
    const sentences = cure === undefined ? problem : `${problem}; ${cure}`;
    super(`${shown}: ${sentences}`, cause === undefined ? undefined : { cause });
    this.option = option;
    this.value = value;
    this.errno = cause?.errno;
  }
}

/** A value as an error message or a table shows it: on one line, in the way it is written in code. */
export function shownValue(value: unknown): string {
  if (value instanceof Uint8Array) {
    const hex = Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, 16)).toString(
      'hex',
    );
    return `<${value.length} bytes${hex === '' ? '' : ` ${hex}`}${value.length > 16 ? '…' : ''}>`;
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  }
  const fields = Object.entries(value).map(([key, field]) =>
    Array.isArray(value) ? shownValue(field) : `${key}: ${shownValue(field)}`,
  );
  return Array.isArray(value) ? `[${fields.join(', ')}]` : `{ ${fields.join(', ')} }`;
}

/**
 * The kernel's refusal of one call, with what it means for that option and what to do.
 *
 * @param call the option, by its catalogue name or a number, and the value that was to be set
 * @param cause the system error; its `syscall` says which call
 */
export function refusedByKernel(
  call: { readonly name: string; readonly asked?: unknown },
  cause: SystemError,
): SocketOptionError {
  const option = findOption(call.name);
  const [meaning, cure] = option === undefined ? ['the kernel refused'] : explain(option, cause);
  const problem = `${cause.message}: ${meaning}`;
  return new SocketOptionError({ option: call.name, value: call.asked, problem, cure, cause });
}

function explain(option: SocketOption, cause: SystemError): [meaning: string, cure?: string] {
  const note = option.note?.replace(/\.$/, '');
  switch (cause.code) {
    case 'ENOPROTOOPT':
      return [
        `this kernel (${release()}) does not have it on this kind of socket`,
        `it needs Linux ${option.since} or later and ${option.families.join(' or ')}`,
      ];
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
      return [
        'this kind of socket, or this kernel, does not have it',
        note ?? `it is for ${option.families.join(' and ')} sockets`,
      ];
    case 'EPERM':
    case 'EACCES':
      return ['the process may not do that', privilegeCure(option, note)];
    case 'EINVAL':
      return ['not accepted in the present state of the socket', stateCure(option)];
    case 'ENOENT':
      return ['the kernel does not know it', whereListed(option)];
    case 'ENODEV':
      return ['there is no such network interface', '`ip link` lists them'];
    case 'ENOTCONN':
      return ['the socket is not connected', 'it is for connections'];
    case 'EBADF':
      return ['the socket, or the file descriptor given as value, is not open'];
    default:
      return ['the kernel refused', note];
  }
}

function privilegeCure(option: SocketOption, note: string | undefined): string | undefined {
  const needs = option.privilege === undefined ? [] : [`it needs ${option.privilege}`];
  return [...needs, ...(note === undefined ? [] : [note])].join('; ') || undefined;
}

function stateCure(option: SocketOption): string {
  const parts = [`it takes ${acceptedValues(option)}`];
  if (option.stage !== 'any time') parts.push(`set it ${option.stage}`);
  if (option.note !== undefined) parts.push(option.note.replace(/\.$/, ''));
  return parts.join('; ');
}

function whereListed(option: SocketOption): string | undefined {
  const list = option.sysctl?.find((name) => name.includes('available'));
  return list === undefined ? option.note : `\`sysctl ${list}\` lists what it knows`;
}
