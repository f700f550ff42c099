import { UsageError } from './arguments.js';

/** One `--option NAME=VALUE`, its value in the shape that `TransportSocket.set` takes. */
export interface OptionSetting {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Reads `NAME=VALUE`. Whether the name exists and the value fits is the catalogue's
 * to say; only the shape is decided here:
 *
 * - `on`, `true`, `off`, `false`: a boolean
 * - decimal digits: a number
 * - `SO_LINGER=SECONDS`, `SO_LINGER=off`, `SO_LINGER=ONOFF,SECONDS`: a linger
 * - `{…}`: JSON, for every other structure
 * - anything else: a string (`TCP_CONGESTION=bbr`)
 */
export function parseOptionText(text: string): OptionSetting {
  const split = text.indexOf('=');
  const name = text.slice(0, split);
  const value = text.slice(split + 1);
  if (split < 1 || value === '' || !/^[A-Z][A-Z0-9_]*$/.test(name)) {
    throw new UsageError(
      `--option must be NAME=VALUE with the kernel's name (TCP_USER_TIMEOUT=30000), not "${text}"`,
    );
  }
  return { name, value: name === 'SO_LINGER' ? linger(value) : plain(name, value) };
}

function plain(name: string, text: string): unknown {
  if (text === 'on' || text === 'true') return true;
  if (text === 'off' || text === 'false') return false;
  if (/^-?\d+$/.test(text)) return Number(text);
  return text.startsWith('{') ? json(name, text) : text;
}

function linger(text: string): unknown {
  if (text === 'off' || text === 'false') return { onoff: false, seconds: 0 };
  const pair = /^(?:([01]),)?(\d+)$/.exec(text);
  if (pair !== null) return { onoff: pair[1] !== '0', seconds: Number(pair[2]) };
  if (text.startsWith('{')) return json('SO_LINGER', text);
  throw new UsageError(
    `--option SO_LINGER must be off, SECONDS or ONOFF,SECONDS (SO_LINGER=1,5), not "${text}"`,
  );
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--option ${name} is not valid JSON: ${text}`, { cause: error });
  }
}
