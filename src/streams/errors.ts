import { codedError } from '../errors.js';

/** The input ended before a read had what it asked for. */
export class IncompleteReadError extends Error {
  override readonly name = 'IncompleteReadError';
  readonly code = 'ERR_INCOMPLETE_READ';
  /** All that was left of the input; it is no longer buffered. */
  readonly partial: Buffer;
  /** How many bytes were asked for; `null` when it was a delimiter. */
  readonly expected: number | null;

  /** @param cause why the input ended, unless the peer ended it */
  constructor(partial: Buffer, expected: number | null, cause?: Error) {
    const wanted = expected === null ? 'a delimiter' : `${expected} bytes`;
    super(
      `the input ended after ${partial.length} bytes; ${wanted} expected`,
      cause === undefined ? undefined : { cause },
    );
    this.partial = partial;
    this.expected = expected;
  }
}

/** There is no delimiter within the limit. What was received stays buffered. */
export class LimitOverrunError extends Error {
  override readonly name = 'LimitOverrunError';
  readonly code = 'ERR_LIMIT_OVERRUN';
  /** How many bytes may be read to go on behind them: none of them belongs to the delimiter. */
  readonly consumed: number;
  /** The limit that was exceeded, bytes. */
  readonly limit: number;

  constructor(consumed: number, limit: number) {
    super(
      `${consumed} bytes without a delimiter, more than the limit of ${limit}; ` +
        'they stay buffered: readExactly(error.consumed) skips them, a larger limit accepts them',
    );
    this.consumed = consumed;
    this.limit = limit;
  }
}

/** Two reads at once: the bytes could go to either. */
export function readPending(): Error {
  return codedError(
    new Error('another read of this connection is still waiting; await it before the next'),
    'ERR_READ_PENDING',
  );
}

/** The connection was used after it had been given to another protocol. */
export function connectionUpgraded(): Error {
  return codedError(
    new Error('this connection was given to another protocol with upgrade() or toDuplex()'),
    'ERR_CONNECTION_UPGRADED',
  );
}

/** What was asked for cannot be had any more because our side closed. */
export function connectionClosed(): Error {
  return codedError(new Error('the connection is closed'), 'ERR_STREAM_DESTROYED');
}
