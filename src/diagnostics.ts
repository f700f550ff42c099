import { channel } from 'node:diagnostics_channel';
import type { Transport } from './transport.js';

/**
 * The `diagnostics_channel` channels. Publishing costs one property read while
 * nobody is subscribed.
 */
export const channels = {
  /** `{ transport }`: a connection opened. */
  connection: channel('hawser:connection'),
  /** `{ transport, cause, error }`: a connection is over. */
  close: channel('hawser:close'),
  /** `{ error, transport }`: a callback threw, or a hook did. */
  error: channel('hawser:error'),
  /** `{ message, transport }`: something that is probably a mistake, told once per transport. */
  warning: channel('hawser:warning'),
  /** `{ error, fatal }`: accept(2) failed. */
  acceptError: channel('hawser:accept-error'),
} as const;

/** The `onError` option of a server or a client. */
export type ErrorHook = (error: Error, transport: Transport | null) => unknown;

/**
 * Tells the channel and the hook of an error. What the hook itself throws, or its
 * promise rejects with, becomes a process warning: no hook may stop the process.
 */
export function tellError(
  hook: ErrorHook | undefined,
  error: Error,
  transport: Transport | null,
): void {
  if (channels.error.hasSubscribers) channels.error.publish({ error, transport });
  try {
    const result = hook?.(error, transport) as Partial<PromiseLike<unknown>> | null | undefined;
    if (typeof result?.then === 'function') result.then(undefined, warnOfHook);
  } catch (thrown) {
    warnOfHook(thrown);
  }
}

/** Tells `hawser:warning` of the first write that a closing connection dropped. */
export function tellDropped(transport: Transport, byteCount: number): void {
  if (!channels.warning.hasSubscribers) return;
  const message = `a write of ${byteCount} bytes was dropped: the connection is closing`;
  channels.warning.publish({ message, transport });
}

function warnOfHook(thrown: unknown): void {
  process.emitWarning(`an onError hook failed: ${String(thrown)}`, 'HawserWarning');
}
