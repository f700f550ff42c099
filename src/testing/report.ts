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

/** Bytes for people: text with escapes where they are text, else hex; long ones shortened. */
export function shown(data: Buffer): string {
  if (data.length === 0) return 'nothing';
  const head = data.subarray(0, SHOWN_BYTES);
  const more = data.length > SHOWN_BYTES ? `… (${data.length} bytes)` : '';
  const text = head.toString();
  const isText = isUtf8(head) && /^[\t\r\n\P{Cc}]*$/u.test(text);
  return isText ? `${JSON.stringify(text)}${more}` : `<${head.toString('hex')}>${more}`;
}

/** One line of a trace. */
export function traceLine({ atMs, connection, from, event, data }: TraceEvent): string {
  const arrow = { client: 'client → server', server: 'server → client' };
  const way = from === null ? '' : `  ${arrow[from]}`;
  const what = data === undefined ? event : shown(data);
  return `${atMs.toFixed(3).padStart(10)} ms  #${connection}${way}  ${what}`;
}
