import type { Counters, Limit, Reading, SocketUse } from './facts.js';

/**
 * Text under /proc into values. Whatever does not have the documented shape is an
 * unsuccessful reading with the reason, never a guess: a container may mount anything there.
 */

const MAX_QUOTED = 24;

function garbled<T>(expected: string, text: string): Reading<T> {
  const start = text.trim().slice(0, MAX_QUOTED);
  const printable = JSON.stringify(start.length < text.trim().length ? `${start}…` : start);
  return { ok: false, reason: `expected ${expected}, found ${printable}` };
}

/** Numbers separated by blanks, exactly `count` of them (`tcp_rmem` has three). */
export function parseNumbers(text: string, count: number): Reading<readonly number[]> {
  const words = text.trim().split(/\s+/);
  const numbers = words.map((word) => (isWhole(word) ? Number(word) : Number.NaN));
  if (words.length === count && !numbers.some(Number.isNaN)) return { ok: true, value: numbers };
  return garbled(count === 1 ? 'a whole number' : `${count} whole numbers`, text);
}

/** At most twenty digits: what 64 bits can hold. Beyond 2^53 the last digits are lost, which no rule notices. */
function isWhole(word: string): boolean {
  return /^-?\d{1,20}$/.test(word);
}

/** Words separated by blanks (`reno cubic bbr`). */
export function parseWords(text: string): Reading<readonly string[]> {
  const words = text.trim().split(/\s+/);
  if (words.every((word) => /^[\w.-]{1,64}$/.test(word))) return { ok: true, value: words };
  return garbled('words', text);
}

/** A port list as in `ip_local_reserved_ports`: `8080,9000-9010`, or empty. */
export function parsePorts(text: string): Reading<readonly (readonly [number, number])[]> {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: true, value: [] };
  const ranges = trimmed.split(',').map((part) => /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part));
  if (ranges.some((range) => range === null)) return garbled('a list of ports', text);
  return {
    ok: true,
    value: ranges.map((range) => [Number(range![1]), Number(range![2] ?? range![1])] as const),
  };
}

/**
 * /proc/net/netstat and /proc/net/snmp: pairs of lines with the same prefix, the
 * first with names, the second with values. Names vary by kernel; a pair that
 * does not match is left out.
 */
export function parseCounterPairs(text: string): Reading<Counters> {
  const counters = new Map<string, number>();
  const lines = text.split('\n');
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const [group, ...names] = lines[at]!.trim().split(/\s+/);
    const [again, ...values] = lines[at + 1]!.trim().split(/\s+/);
    if (group !== again || !group!.endsWith(':') || names.length !== values.length) continue;
    for (const [index, name] of names.entries()) {
      const value = values[index]!;
      if (isWhole(value)) counters.set(`${group!.slice(0, -1)}.${name}`, Number(value));
    }
  }
  return counters.size > 0 ? { ok: true, value: counters } : garbled('named counters', text);
}

/** /proc/net/softnet_stat: a line of hexadecimal columns per CPU; the second counts drops, the third squeezes. */
export function parseSoftnet(text: string): Reading<Counters> {
  const rows = text
    .trim()
    .split('\n')
    .map((line) => /^[0-9a-f]{8} ([0-9a-f]{8}) ([0-9a-f]{8})\b/.exec(line));
  if (rows.some((row) => row === null)) return garbled('hexadecimal columns', text);
  const total = (column: number): number =>
    rows.reduce((sum, row) => sum + Number.parseInt(row![column]!, 16), 0);
  return {
    ok: true,
    value: new Map([
      ['softnet.dropped', total(1)],
      ['softnet.squeezed', total(2)],
    ]),
  };
}

/** The line `TCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1` of /proc/net/sockstat. */
export function parseSocketUse(text: string): Reading<SocketUse> {
  const line = /^TCP: (.*)$/m.exec(text)?.[1] ?? '';
  const value = (name: string): number =>
    Number(new RegExp(`(?:^| )${name} (\\d{1,15})(?: |$)`).exec(line)?.[1] ?? Number.NaN);
  const use = { orphans: value('orphan'), timeWait: value('tw'), memoryPages: value('mem') };
  if (Object.values(use).some(Number.isNaN)) return garbled('a line "TCP: inuse …"', text);
  return { ok: true, value: use };
}

/** The line `Max open files` of /proc/PID/limits. */
export function parseOpenFiles(text: string): Reading<Limit> {
  const row = /^Max open files\s+(\d{1,20}|unlimited)\s+(\d{1,20}|unlimited)\s/m.exec(text);
  if (row === null) return garbled('a line "Max open files"', text);
  const limit = (word: string): number =>
    word === 'unlimited' ? Number.POSITIVE_INFINITY : Number(word);
  return { ok: true, value: { soft: limit(row[1]!), hard: limit(row[2]!) } };
}

/** The line `CapEff` of /proc/PID/status, hexadecimal. */
export function parseCapabilities(text: string): Reading<bigint> {
  const row = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(text);
  if (row === null) return garbled('a line "CapEff:"', text);
  return { ok: true, value: BigInt(`0x${row[1]}`) };
}
