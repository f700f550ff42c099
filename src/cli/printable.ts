/** Bytes of a message that a log line shows. */
const SHOWN_BYTES = 64;

const NAMED: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** How each byte is written: printable ASCII as itself, the rest escaped as JavaScript and Python do. */
const ESCAPED = Array.from({ length: 256 }, (_, byte) => {
  const isPrintable = byte >= 0x20 && byte < 0x7f;
  return (
    NAMED[byte] ??
    (isPrintable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`)
  );
});

/** The first bytes of a message, escaped, and how many were left out. */
export function excerpt(data: Uint8Array): { shown: string; omittedBytes: number } {
  let shown = '';
  for (const byte of data.subarray(0, SHOWN_BYTES)) shown += ESCAPED[byte];
  return { shown, omittedBytes: Math.max(0, data.length - SHOWN_BYTES) };
}

/** `1 byte`, `12 bytes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
