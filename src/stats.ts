/** Why a connection ended. */
export const closeCauses = [
  /** The peer sent FIN and the protocol did not keep the connection open. */
  'eof',
  /** `transport.close()`. */
  'close',
  /** `transport.abort()`. */
  'abort',
  /** `transport.reset()`. */
  'reset',
  /** The peer sent RST. */
  'peer-reset',
  /** The kernel gave up: keep-alive, TCP_USER_TIMEOUT or retransmissions (ETIMEDOUT). */
  'timeout',
  /** The server's `idleTimeoutMs`. */
  'idle-timeout',
  /** The server's `firstDataTimeoutMs`. */
  'first-data-timeout',
  /** The server's `minReadRate`. */
  'min-read-rate',
  /** The server's `maxLifetimeMs`. */
  'max-lifetime',
  /** A protocol callback threw. */
  'protocol-error',
  /** Receiving failed otherwise. */
  'read-error',
  /** Sending failed: the peer is gone (EPIPE and friends). */
  'write-error',
  /** Cut off when a draining `close` ran out of time. */
  'drain-deadline',
] as const;

/** Why a connection ended; see `closeCauses`. */
export type CloseCause = (typeof closeCauses)[number];

/**
 * Why an accepted connection was turned away before its protocol heard of it: the
 * factory threw or an option could not be set, or `maxConnectionsPerHost`.
 */
export type RefusalCause = 'setup-error' | 'max-connections-per-host';

/** The counters of a server since it was created; a frozen snapshot. */
export interface ServerStats {
  /** Connections accepted. */
  readonly accepted: number;
  /** Connections accepted and turned away at once: the sum of `refusedBy`. */
  readonly refused: number;
  readonly refusedBy: Readonly<Record<RefusalCause, number>>;
  /** Connections open now. */
  readonly active: number;
  /** Connections over, in all: `accepted - refused - active`. */
  readonly closed: number;
  /** Connections over, by cause. */
  readonly closedBy: Readonly<Record<CloseCause, number>>;
  /** Bytes received from all connections so far. */
  readonly bytesRead: number;
  /** Bytes the kernel accepted for all connections so far. */
  readonly bytesWritten: number;
  /** Times accepting stopped because `maxConnections` were open. */
  readonly acceptPauses: number;
  /** Times accept(2) failed for want of descriptors or memory. */
  readonly acceptErrors: number;
  /** Writes dropped because their transport was closing. */
  readonly droppedWrites: number;
  /** Protocol callbacks that threw or rejected. */
  readonly callbackErrors: number;
}
