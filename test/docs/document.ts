import { read } from '../frame/tree.js';

/** A fenced block of a document: ```` ```js echo.mjs ```` */
export interface Block {
  readonly language: string;
  /** What follows the language: the name of a file, or nothing. */
  readonly name: string;
  readonly text: string;
  /** Where it begins, for messages: `docs/guide.md:12`. */
  readonly where: string;
}

/** The fenced blocks of a document, in order. */
export function blocksOf(path: string): Block[] {
  const text = read(path);
  return [...text.matchAll(/^```(\w+) ?([^\n]*)\n(.*?)^```$/gms)].map((match) => ({
    language: match[1]!,
    name: match[2]!,
    text: match[3]!,
    where: `${path}:${text.slice(0, match.index).split('\n').length}`,
  }));
}

/** A command and what is seen after it. */
export interface Step {
  readonly command: string;
  readonly expected: string;
}

/** The steps of a `console` block. */
export function stepsOf(block: Block): Step[] {
  return block.text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...expected] = part.split('\n');
      return { command, expected: expected.join('\n').trimEnd() };
    });
}
