/*
 * IP addresses between text and network byte order, as the PROXY protocol needs both. The text is
 * the canonical one of RFC 5952 when written; read is what the PROXY
 * protocol calls canonical: no leading zeros in IPv4, no zone.
 */

/** The 4 bytes of dotted decimal, or null. */
export function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part))) return null;
  const numbers = parts.map(Number);
  return numbers.every((number) => number <= 255) ? Uint8Array.from(numbers) : null;
}

/** The 16 bytes of an IPv6 address, `::` and a dotted IPv4 tail allowed, or null. */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  if (head === null) return null;
  const bytes = new Uint8Array(16);
  bytes.set(head.slice(0, 16));
  if (halves.length === 1) return head.length === 16 ? bytes : null;
  const tail = parseGroups(halves[1]!, true);
  // `::` stands for at least one group.
  if (tail === null || head.length + tail.length > 14) return null;
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** The bytes of groups of hexadecimal digits; the last may be an IPv4 address where the text ends there. */
function parseGroups(text: string, atEnd: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >>> 8, value & 0xff);
      continue;
    }
    const ipv4 = atEnd && index === groups.length - 1 ? parseIpv4(group) : null;
    if (ipv4 === null) return null;
    bytes.push(...ipv4);
  }
  return bytes;
}

export function formatIpv4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`, IPv4-mapped dotted. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes[i]! * 256 + bytes[i + 1]!);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  }
  const { from, length } = longestZeroRun(groups);
  const text = groups.map((group) => group.toString(16));
  if (length < 2) return text.join(':');
  return `${text.slice(0, from).join(':')}::${text.slice(from + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 };
  for (let from = 0; from < groups.length; from++) {
    let end = from;
    while (groups[end] === 0) end++;
    if (end - from > best.length) best = { from, length: end - from };
    from = Math.max(from, end);
  }
  return best;
}
