import { isUtf8 } from 'node:buffer';
import type { Strike } from '../engine/memory/weather.js';
import type { TraceEvent } from '../engine/memory/wiring.js';

const SHOWN_BYTES = 60;

/** The network broke a connection because the seed said so: not the fault of the code under test. */
export class FaultInjected extends Error {
  override readonly name = 'FaultInjected';
  readonly fault: Strike;

  constructor(fault: Strike, message: string) {
    super(`the seed broke this connection (${fault}): ${message}`);
    this.fault = fault;
  }
}

/** Bytes for people: a string literal, shortened when long; what is not UTF-8 is escaped byte by byte. */
export function shown(data: Buffer): string {
  if (data.length === 0) return 'nothing';
  const head = data.subarray(0, SHOWN_BYTES);
  const more = data.length > SHOWN_BYTES ? `… (${data.length} bytes)` : '';
  const text = JSON.stringify(isUtf8(head) ? head.toString() : head.toString('latin1'));
  return (isUtf8(head) ? text : text.replace(/[\x7f-\xff]/g, escaped)) + more;
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16)}`;
}

/** One line of a trace. */
export function traceLine({ atMs, connection, from, event, data }: TraceEvent): string {
  const arrow = { client: 'client → server', server: 'server → client' };
  const way = from === null ? '' : `  ${arrow[from]}`;
  const what = data === undefined ? event : shown(data);
  return `${atMs.toFixed(3).padStart(10)} ms  #${connection}${way}  ${what}`;
}
