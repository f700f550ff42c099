import type { Server } from '../server.js';
import type { ServerStats } from '../stats.js';
import type { Log } from './log.js';
import { counted } from './printable.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs the server until it is told to end: the first signal stops listening and lets
 * the connections finish within `drainTimeoutMs`, a second one aborts them at once.
 *
 * Resolves when the last connection is over, to whether it was aborted by a second
 * signal. If not, replies of connections that were closed just now may still be on
 * their way: the process must end by itself, not by `process.exit`.
 */
export async function runUntilSignalled(
  server: Server,
  drainTimeoutMs: number,
  log: Log,
): Promise<{ aborted: boolean }> {
  let signals = 0;
  let aborted = 0;
  const signal = await new Promise<string>((resolve) => {
    const onSignal = (name: string) => {
      signals++;
      // The third: whatever the process still waits for, it shall end.
      if (signals > 2) process.exit();
      if (signals === 1) {
        resolve(name);
      } else {
        aborted = server.transports.size;
        server.abortTransports();
      }
    };
    for (const name of SIGNALS) process.on(name, onSignal);
  });
  sayStopping(signal, server.transports.size, drainTimeoutMs, log);
  await server.close({ drainTimeoutMs });
  // So that the last line does not find the log's queue full.
  await log.flush();
  sayStopped(server.stats(), aborted, log);
  return { aborted: signals > 1 };
}

function sayStopping(signal: string, open: number, drainTimeoutMs: number, log: Log): void {
  const patience =
    open === 0
      ? ''
      : `: waiting up to ${drainTimeoutMs / 1000} s for ${counted(open, 'connection')}, or until a second signal`;
  log.write('info', 'stopping', `stopping on ${signal}${patience}`, {
    signal,
    open,
    drainTimeoutMs,
  });
}

function sayStopped(stats: ServerStats, aborted: number, log: Log): void {
  const left = stats.closedBy['drain-deadline'] + aborted;
  const were = left === 1 ? 'was' : 'were';
  const fate = left === 0 ? '' : ', and aborted';
  const message = `stopped: ${left} of ${counted(stats.accepted, 'connection')} ${were} left${fate}`;
  log.write('info', 'stopped', message, { left, ...stats });
}
