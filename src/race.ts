import { asError } from './errors.js';

/** One try; it gives up, leaving nothing open, when the signal aborts. */
export type Attempt<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Starts attempts one after another, each `delayMs` after the one before it, or at
 * once when no other is under way any more (RFC 8305, section 5). Resolves with the
 * first success and aborts the rest. When all fail: the only error, or an
 * `AggregateError` with all of them in the order of the attempts, whose `code` is
 * the first one's. When `signal` aborts: its reason; a time-out (`ETIMEDOUT`) with the
 * errors so far before it.
 */
export function race<T>(
  attempts: readonly Attempt<T>[],
  options: { delayMs: number; signal: AbortSignal },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const { delayMs, signal } = options;
    const losers = new AbortController();
    const errors: Error[] = [];
    let next = 0;
    let failed = 0;
    let timer: NodeJS.Timeout | undefined;

    const settle = (finish: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      finish();
      losers.abort(new Error('another attempt was faster'));
    };
    const onAbort = () => settle(() => reject(givenUp(signal.reason, errors)));
    const startNext = () => {
      clearTimeout(timer);
      const index = next++;
      if (next < attempts.length) timer = setTimeout(startNext, delayMs);
      attempts[index]!(losers.signal).then(
        (value) => settle(() => resolve(value)),
        (thrown) => {
          errors[index] = asError(thrown);
          failed++;
          if (failed === attempts.length) settle(() => reject(together(errors)));
          else if (failed === next) startNext();
        },
      );
    };

    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else startNext();
  });
}

/** A caller's reason is the caller's to recognise; our own time-out takes along why nothing had connected. */
function givenUp(reason: unknown, errors: Error[]): unknown {
  const code = (reason as NodeJS.ErrnoException | undefined)?.code;
  const soFar = errors.filter((error) => error !== undefined);
  if (code !== 'ETIMEDOUT' || soFar.length === 0) return reason;
  return Object.assign(together([...soFar, reason as Error]), { code });
}

function together(errors: Error[]): Error {
  if (errors.length === 1) return errors[0]!;
  const error = new AggregateError(errors, errors.map(({ message }) => message).join('; '));
  return Object.assign(error, { code: (errors[0] as NodeJS.ErrnoException).code });
}
