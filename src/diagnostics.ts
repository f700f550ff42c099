import { channel } from 'node:diagnostics_channel';

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
