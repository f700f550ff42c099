import type { SocketOption } from './catalogue.js';

/** Units in words, for "a whole number of seconds". A unit that is not here is not counted but named. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  'bytes/s': 'bytes per second',
};
const COUNTED = ['bytes', 'hops', 'packets', 'probes', 'requests', 'retransmissions'];

/** What the option takes, in words: "whole seconds from 1 to 32767". */
export function acceptedValues(option: SocketOption): string {
  const also = (option.also ?? []).map((value) => ` or ${value}`).join('');
  const [low, high] = option.range ?? [0, 0];
  switch (option.type) {
    case 'bool':
      return 'true or false';
    case 'int':
    case 'u32':
    case 'u64':
      return `a whole number${ofUnit(option.unit)} from ${low} to ${high}${also}`;
    case 'string': {
      const [least, most] = option.lengths!;
      return `a string of ${least} to ${most} bytes`;
    }
    case 'bytes':
      return option.lengths === undefined
        ? 'a Buffer'
        : `a Buffer of ${option.lengths.join(' or ')} bytes`;
    case 'linger':
      return `{ onoff: boolean, seconds: number } with seconds from ${low} to ${high}`;
    case 'timeval':
      return '{ seconds: number, microseconds: number }, not negative, microseconds below 1000000';
    case 'port-range':
      return '{ low: number, high: number }, ports from 0 to 65535, low not above high';
    default:
      return 'nothing: it can only be read';
  }
}

function ofUnit(unit: string | undefined): string {
  if (unit === undefined) return '';
  if (COUNTED.includes(unit)) return ` of ${unit}`;
  const words = UNIT_WORDS[unit];
  return words === undefined ? ` (${unit})` : ` of ${words}`;
}
