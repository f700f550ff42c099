import { execFileSync, spawnSync } from 'node:child_process';

/** Why `ss` cannot be asked, for `skip`. */
export const noSs: string | false =
  spawnSync('ss', ['-V'], { stdio: 'ignore' }).status === 0 ? false : 'no ss (iproute2) on PATH';

/**
 * What `ss -tin` says of the connection whose local port is `port`: `word:value`
 * and `word value` alike.
 */
export function ssOf(port: number): Map<string, string> {
  const filter = `( sport = :${port} )`;
  const text = execFileSync('ss', ['-tinH', 'state', 'established', filter], { encoding: 'utf8' });
  const words = text.trim().split(/\s+/);
  const spaced = words.map((word, index) => [word, words[index + 1] ?? ''] as const);
  const joined = words.flatMap((word) => {
    const colon = word.indexOf(':');
    return colon < 0 ? [] : [[word.slice(0, colon), word.slice(colon + 1)] as const];
  });
  return new Map([...spaced, ...joined]);
}
