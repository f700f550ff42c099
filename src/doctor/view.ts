import type { Counters, Facts, Reading } from './facts.js';
import type { Fix } from './finding.js';
import { parseNumbers, parsePorts, parseWords } from './parse.js';
import type { ServerSettings } from './settings.js';
import type { SysctlName } from './sysctl-names.js';

/** Where the doctor's advice is kept for the next boot. */
const PERSISTENT_FILE = '/etc/sysctl.d/90-hawser.conf';

/** Keep-alive as a connection will have it, seconds and probes. */
export interface EffectiveKeepAlive {
  readonly idle: number;
  readonly interval: number;
  readonly count: number;
  /** From the last byte to ETIMEDOUT: idle + interval × count, seconds. */
  readonly detection: number;
}

/**
 * Facts and settings as a rule sees them. A value that could not be read is `null`, and
 * the rule says nothing; what was missed and why is kept for the report.
 */
export class View {
  readonly settings: ServerSettings;
  readonly facts: Facts;
  /** Name of what a rule wanted and could not have, and the reason. */
  readonly missed = new Map<string, string>();

  constructor(settings: ServerSettings, facts: Facts) {
    this.settings = settings;
    this.facts = facts;
  }

  /** A sysctl that holds one whole number. */
  number(name: SysctlName): number | null {
    return this.#sysctl(name, (text) => parseNumbers(text, 1))?.[0] ?? null;
  }

  /** A sysctl that holds several whole numbers. */
  numbers(name: SysctlName, count: number): readonly number[] | null {
    return this.#sysctl(name, (text) => parseNumbers(text, count));
  }

  /** A sysctl that holds a list of words. */
  words(name: SysctlName): readonly string[] | null {
    return this.#sysctl(name, parseWords);
  }

  /** A sysctl that holds a list of ports and port ranges. */
  ports(name: SysctlName): readonly (readonly [number, number])[] | null {
    return this.#sysctl(name, parsePorts);
  }

  /** A counter since boot; null when this kernel does not count it. */
  counter(name: string): number | null {
    return this.reading<Counters>('/proc/net counters', this.facts.counters)?.get(name) ?? null;
  }

  /** The value of a reading, or null with the reason kept. */
  reading<T>(label: string, reading: Reading<T>): T | null {
    if (reading.ok) return reading.value;
    this.missed.set(label, reading.reason);
    return null;
  }

  /** Whether this process has a capability; null when it cannot be known. */
  capable(bit: bigint): boolean | null {
    const set = this.reading('/proc/self/status', this.facts.capabilities);
    return set === null ? null : ((set >> bit) & 1n) === 1n;
  }

  /** A socket option that is asked for and is a number. */
  option(name: string): number | null {
    const value = this.settings.options.get(name);
    return typeof value === 'number' ? value : null;
  }

  /** A boolean socket option that is asked for; null when the kernel's default stays. */
  switched(name: string): boolean | null {
    const value = this.settings.options.get(name);
    return value === undefined ? null : Boolean(value);
  }

  /** null: off, or a default that could not be read. */
  keepAlive(): EffectiveKeepAlive | null {
    if (!this.switched('SO_KEEPALIVE')) return null;
    const idle = this.option('TCP_KEEPIDLE') ?? this.number('net.ipv4.tcp_keepalive_time');
    const interval = this.option('TCP_KEEPINTVL') ?? this.number('net.ipv4.tcp_keepalive_intvl');
    const count = this.option('TCP_KEEPCNT') ?? this.number('net.ipv4.tcp_keepalive_probes');
    if (idle === null || interval === null || count === null) return null;
    return { idle, interval, count, detection: idle + interval * count };
  }

  /** The command that changes a sysctl, how it is kept, and where it has to be done. */
  setSysctl(name: SysctlName, value: number | string, then: string | null = null): Fix {
    const text = /\s/.test(String(value)) ? `'${value}'` : String(value);
    return {
      command: `sysctl -w ${name}=${text}`,
      persist: `echo ${/\s/.test(text) ? `'${name}=${value}'` : `${name}=${value}`} >>${PERSISTENT_FILE}`,
      note: [this.#whereToSet(name), then].filter((part) => part !== null).join('; ') || null,
    };
  }

  /** A change of the server's own settings, in the words the user gave them in. */
  change(flag: string, option: string, note: string | null = null): Fix {
    return { command: this.settings.form === 'flags' ? flag : option, persist: null, note };
  }

  /** A change of a socket option, likewise. */
  changeOption(name: string, value: string | number): Fix {
    return this.change(`--option ${name}=${value}`, `connectionOptions: { ${name}: ${value} }`);
  }

  #whereToSet(name: SysctlName): string | null {
    switch (this.facts.sysctls.get(name)?.access) {
      case 'read-only':
        return 'read-only in this container or network namespace: change it on the host';
      case 'needs-root':
        return 'as root';
      default:
        return null;
    }
  }

  #sysctl<T>(name: SysctlName, parse: (text: string) => Reading<T>): T | null {
    const text = this.facts.sysctls.get(name)?.text;
    if (text === undefined) return null;
    return this.reading(name, text.ok ? parse(text.value) : text);
  }
}
