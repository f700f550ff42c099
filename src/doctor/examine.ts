import type { EngineChoice } from './engine-choice.js';
import type { Facts } from './facts.js';
import { bySeverity, type Finding } from './finding.js';
import type { Rule } from './rule.js';
import { ADDRESS_RULES } from './rules/address.js';
import { BUFFER_RULES } from './rules/buffers.js';
import { CLOSING_RULES } from './rules/closing.js';
import { FEATURE_RULES } from './rules/features.js';
import { LIVENESS_RULES } from './rules/liveness.js';
import { OPTION_RULES } from './rules/options.js';
import { QUEUE_RULES } from './rules/queue.js';
import { RESOURCE_RULES } from './rules/resources.js';
import { TUNING_RULES } from './rules/tuning.js';
import type { ServerSettings } from './settings.js';
import { View } from './view.js';

/** Everything the doctor knows, in the order in which findings of one severity are told. */
export const RULES: readonly Rule[] = [
  ...OPTION_RULES,
  ...RESOURCE_RULES,
  ...QUEUE_RULES,
  ...ADDRESS_RULES,
  ...BUFFER_RULES,
  ...FEATURE_RULES,
  ...LIVENESS_RULES,
  ...CLOSING_RULES,
  ...TUNING_RULES,
];

/** Something a rule needed and could not read. */
export interface Missed {
  readonly name: string;
  readonly reason: string;
}

/** What the doctor says about a server on a machine. */
export interface Report {
  readonly platform: string;
  readonly kernel: string;
  readonly engine: EngineChoice;
  readonly findings: readonly Finding[];
  readonly missed: readonly Missed[];
}

/** Applies every rule. Pure: the same facts and settings give the same report. */
export function examine(facts: Facts, settings: ServerSettings): Report {
  const view = new View(settings, facts);
  const applicable = RULES.filter((rule) => settings.path === null || rule.anySocket);
  const findings = applicable.flatMap((rule) => {
    const diagnosis = rule.diagnose(view);
    if (diagnosis === null) return [];
    const { severity, found, why, fixes = [] } = diagnosis;
    return [{ rule: rule.name, severity, found, why, fixes, tuning: rule.tuning ?? false }];
  });
  return {
    platform: facts.platform,
    kernel: facts.kernel,
    engine: facts.engine,
    findings: bySeverity(findings),
    missed: [...view.missed].map(([name, reason]) => ({ name, reason })),
  };
}
