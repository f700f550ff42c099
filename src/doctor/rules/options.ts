import { findOption } from '../../options/catalogue.js';
import { encodeOption } from '../../options/codec.js';
import { SocketOptionError } from '../../options/error.js';
import { settableOption } from '../../options/lookup.js';
import type { Fix } from '../finding.js';
import type { Rule } from '../rule.js';
import type { View } from '../view.js';

/** What the catalogue says about each option asked for; the kernel's answer would be EINVAL or ENOPROTOOPT. */
function refusals(view: View): SocketOptionError[] {
  return [...view.settings.options].flatMap(([name, value]) => {
    try {
      const option = settableOption(name, value);
      // JSON has no bytes to check.
      if (option.type !== 'bytes') encodeOption(option, value);
      return [];
    } catch (error) {
      if (error instanceof SocketOptionError) return [error];
      throw error;
    }
  });
}

/** The nearest number in range, for an option that is a number. */
function nearest(view: View, { option: name, value }: SocketOptionError): Fix[] {
  const range = findOption(name)?.range;
  if (range === undefined || typeof value !== 'number') return [];
  const [least, most] = range;
  return [view.changeOption(name, Math.round(Math.min(Math.max(value, least), most)))];
}

const optionRefused: Rule = {
  name: 'option-refused',
  anySocket: true,
  diagnose(view) {
    const errors = refusals(view);
    if (errors.length === 0) return null;
    return {
      severity: 'error',
      found: errors.map((error) => `${error.message}.`).join(' '),
      why: 'The server does not start with a value that the kernel would refuse.',
      fixes: errors.flatMap((error) => nearest(view, error)),
    };
  },
};

export const OPTION_RULES: readonly Rule[] = [optionRefused];
