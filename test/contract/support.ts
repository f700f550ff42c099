import { contract } from 'hawser/testing';

/** An engine, and which promises it does not keep, by id, and why. */
export interface EngineSupport {
  readonly name: string;
  readonly exceptions: Readonly<Record<string, string>>;
}

const ids = contract.flatMap((group) => group.promises.map(({ id }) => id));

/** The support matrix, as Markdown. */
export function renderSupport(engines: readonly EngineSupport[]): string {
  const notes = new Map<string, number>();
  const noteOf = (reason: string) => {
    if (!notes.has(reason)) notes.set(reason, notes.size + 1);
    return notes.get(reason);
  };
  const cell = (id: string, { exceptions }: EngineSupport) =>
    exceptions[id] === undefined ? 'yes' : `no (${noteOf(exceptions[id])})`;
  const groups = contract.map(({ subject, promises }) => {
    const rows = promises.map(({ id, title }) => [title, ...engines.map((e) => cell(id, e))]);
    return `### ${capitalized(subject)}\n\n${table(['promise', ...engines.map((e) => e.name)], rows)}`;
  });
  const summary = engines.map(({ name, exceptions }) => {
    const excepted = Object.keys(exceptions).length;
    return [name, String(ids.length - excepted), String(excepted)];
  });
  const reasons = [...notes].map(([reason, number]) => `${number}. ${reason}`);
  return `${[
    introduction,
    table(['engine', 'promises kept', 'not kept'], summary),
    '## The exceptions',
    reasons.join('\n'),
    '## The promises',
    ...groups,
  ].join('\n\n')}\n`;
}

const introduction = `# What each engine promises

hawser has one contract for transports and servers: ${ids.length} promises, each a test, run by the same
code on every engine (\`contractTests\` of \`hawser/testing\`, with the code in
\`src/testing/contract/\`). An engine may except a promise only with a reason; an exception that
turns out to be kept fails the suite, like a promise that is broken.

This page is written by \`node scripts/generate-support.mjs\` from such runs on Linux, with the
addon, on the oldest Node that hawser supports.`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
