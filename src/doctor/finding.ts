/** `error`: what was configured cannot happen. `warning`: it will hurt. `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** One way to put a finding right. */
export interface Fix {
  /** A shell command to run as it stands, or the flag or option to start the server with. */
  readonly command: string;
  /** A second command that makes the first survive a reboot; null when it needs none. */
  readonly persist: string | null;
  /** Where it must be done, or what to do after it; null when there is nothing to say. */
  readonly note: string | null;
}

/** Something the doctor has to say. */
export interface Finding {
  /** The rule's name, kebab-case. */
  readonly rule: string;
  readonly severity: Severity;
  /** The facts, with their values. */
  readonly found: string;
  /** What it does to the server or its clients. */
  readonly why: string;
  /** Alternatives, best first; empty when nothing has to change. */
  readonly fixes: readonly Fix[];
  /** A stock kernel value that suits most servers: shown only on request. */
  readonly tuning: boolean;
}

/** What a rule says; its name is added by `examine`. */
export interface Diagnosis {
  readonly severity: Severity;
  readonly found: string;
  readonly why: string;
  readonly fixes?: readonly Fix[];
}

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Errors first, then warnings; within a severity the order of the rules stays. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return ORDER.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

/** A command for a shell. */
export function shellFix(command: string, note: string | null = null): Fix {
  return { command, persist: null, note };
}
