import type { Diagnosis } from './finding.js';
import type { View } from './view.js';

/** One thing the doctor knows. */
export interface Rule {
  /** kebab-case, unique; it identifies the finding in JSON and in docs/doctor.md. */
  readonly name: string;
  /** Also true of a unix socket; every other rule is about TCP. */
  readonly anySocket?: boolean;
  /** Judges a stock kernel value that suits most servers: shown only on request. */
  readonly tuning?: boolean;
  /** Looks at nothing but the view and changes nothing. null: all is well, or a fact is missing. */
  diagnose(view: View): Diagnosis | null;
}
