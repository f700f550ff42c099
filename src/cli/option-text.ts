import { findOption, type SocketOption, socketOptions } from '../options/catalogue.js';
import type { Linger, TimeValue } from '../options/codec.js';
import { closest, UsageError } from './arguments.js';

/** One `--option NAME=VALUE`, its value in the shape that `TransportSocket.set` takes. */
export interface OptionSetting {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Reads `NAME=VALUE`; the catalogue's type of the option says how the value is written.
 * Whether a number is in range is left to whoever sets it.
 *
 * @throws UsageError for an unknown name, or a value that is not of the option's type
 */
export function parseOptionText(text: string): OptionSetting {
  const split = text.indexOf('=');
  const name = text.slice(0, split);
  const value = text.slice(split + 1);
  if (split < 1 || value === '') {
    throw new UsageError(`--option must be NAME=VALUE (TCP_USER_TIMEOUT=30000), not "${text}"`);
  }
  const option = findOption(name);
  if (option === undefined) throw unknown(name);
  return { name, value: optionValue(option, value) };
}

function unknown(name: string): UsageError {
  const near = closest(
    name.toUpperCase(),
    socketOptions.map((option) => option.name),
  );
  const hint = near === null ? '`hawser options` lists them' : `did you mean ${near}?`;
  return new UsageError(`--option: there is no socket option ${name}: ${hint}`);
}

function optionValue(option: SocketOption, text: string): unknown {
  switch (option.type) {
    case 'bool':
      return booleanOf(option, text);
    case 'string':
      return text;
    case 'bytes':
      if (/^([0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex');
      throw notOfType(option, text, 'bytes in hexadecimal');
    case 'linger':
      return lingerOf(option, text);
    case 'timeval':
      return timeValueOf(option, text);
    case 'port-range': {
      const [, low, high] = /^(\d+)-(\d+)$/.exec(text) ?? [];
      if (high !== undefined) return { low: Number(low), high: Number(high) };
      throw notOfType(option, text, 'LOW-HIGH');
    }
    default:
      if (/^-?\d+$/.test(text)) return Number(text);
      throw notOfType(option, text, 'a whole number');
  }
}

function booleanOf(option: SocketOption, text: string): boolean {
  if (['on', 'true', '1'].includes(text)) return true;
  if (['off', 'false', '0'].includes(text)) return false;
  throw notOfType(option, text, 'on or off');
}

/** `off`, or seconds; or both fields of the structure, `1,5`. */
function lingerOf(option: SocketOption, text: string): Linger {
  if (text === 'off') return { onoff: false, seconds: 0 };
  const [, onoff, seconds] = /^(?:([01]),)?(\d+)$/.exec(text) ?? [];
  if (seconds === undefined) throw notOfType(option, text, 'off, SECONDS or ONOFF,SECONDS');
  return { onoff: onoff !== '0', seconds: Number(seconds) };
}

function timeValueOf(option: SocketOption, text: string): TimeValue {
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (seconds === undefined) throw notOfType(option, text, 'seconds, with a fraction if need be');
  return { seconds: Number(seconds), microseconds: Number(fraction.padEnd(6, '0')) };
}

function notOfType(option: SocketOption, text: string, expected: string): UsageError {
  return new UsageError(`--option ${option.name} must be ${expected}, not "${text}"`);
}
