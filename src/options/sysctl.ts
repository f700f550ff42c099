import { readFileSync } from 'node:fs';

/**
 * The text of a kernel setting such as `net.ipv4.tcp_rmem`, its numbers separated by
 * spaces; undefined where it is not visible (another platform, a container, an older
 * kernel).
 */
export function readSysctlText(name: string): string | undefined {
  try {
    const text = readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8');
    return text.trim().replace(/\s+/g, ' ');
  } catch {
    return undefined; // Not being visible is an answer here, whatever the cause.
  }
}

/** The first number of a kernel setting; undefined where it is not visible or no number. */
export function readSysctl(name: string): number | undefined {
  const number = Number.parseInt(readSysctlText(name) ?? '', 10);
  return Number.isNaN(number) ? undefined : number;
}
