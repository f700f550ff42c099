import { findOption } from './catalogue.js';
import { shownValue } from './error.js';
import type { OptionCall, OptionPlan } from './plan.js';

const HEADINGS: Readonly<Record<keyof OptionPlan, string>> = {
  beforeBind: 'on the listener, before bind:',
  beforeListen: 'on the listener, before listen; connections inherit what they can:',
  beforeConnect: 'on the socket, before connect:',
  perConnection: 'on every connection:',
};

/**
 * A plan in words, one line per call, for a person. Lines end with `\n`.
 *
 * @param more.quickAck whether TCP_QUICKACK is re-armed around receives
 */
export function explainPlan(plan: OptionPlan, more: { readonly quickAck?: boolean } = {}): string {
  const lines: string[] = [];
  for (const stage of ['beforeBind', 'beforeListen', 'beforeConnect', 'perConnection'] as const) {
    const calls = plan[stage].map((call) => `  ${explainCall(call, stage)}`);
    if (stage === 'perConnection' && more.quickAck) {
      calls.push('  TCP_QUICKACK = true, set again after what is not answered in its turn');
    }
    if (calls.length > 0) lines.push(HEADINGS[stage], ...calls);
  }
  const cost = plan.perConnection.length;
  lines.push(
    `setsockopt calls per connection: ${cost}${more.quickAck ? ' and those for quickAck' : ''}`,
  );
  return `${lines.join('\n')}\n`;
}

function explainCall(call: OptionCall, stage: keyof OptionPlan): string {
  const said = `${call.name} = ${shownValue(call.asked)}`;
  const stays = stage === 'beforeListen' && findOption(call.name)?.inherited === 'no';
  return stays ? `${said} (stays on the listener)` : said;
}
