import { findOption, isSettable, type SocketOption } from './catalogue.js';
import { SocketOptionError } from './error.js';

/**
 * The catalogue's option of that name.
 * @throws SocketOptionError when there is none
 */
export function knownOption(name: string): SocketOption {
  const option = findOption(name);
  if (option !== undefined) return option;
  throw new SocketOptionError({
    option: name,
    problem: 'there is no such option in the catalogue',
    cure: nearest(name),
  });
}

/**
 * The same, for setting.
 * @throws SocketOptionError also when the option cannot be set
 */
export function settableOption(name: string, value: unknown): SocketOption {
  const option = knownOption(name);
  if (isSettable(option)) return option;
  throw new SocketOptionError({
    option: name,
    value,
    problem: option.access === 'read' ? 'it can only be read' : 'it cannot be set',
    cure: option.note,
  });
}

function nearest(name: string): string {
  const upper = String(name).toUpperCase();
  const guesses = ['TCP_', 'SO_', 'IP_', 'IPV6_'].map((prefix) => prefix + upper);
  const hit = [upper, ...guesses].find((guess) => findOption(guess) !== undefined);
  return hit === undefined
    ? '`hawser options` lists them; getRaw and setRaw take any number'
    : `the name is ${hit}`;
}
