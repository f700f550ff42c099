import { readFileSync } from 'node:fs';

/**
 * The first number of a kernel setting such as `net.core.rmem_max`; undefined where
 * it is not visible (another platform, a container, an older kernel).
 */
export function readSysctl(name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8');
  } catch {
    return undefined; // Not being visible is an answer here, whatever the cause.
  }
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? undefined : number;
}
