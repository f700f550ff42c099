import type { Address } from './address.js';
import type { BaseTransport } from './base-transport.js';
import { Clock } from './clock.js';
import { channels, tellDropped, tellError } from './diagnostics.js';
import type { Engine, Listener, ListenerOwner, TransportSettings } from './engine/engine.js';
import { codedError } from './errors.js';
import { openListeners } from './listeners.js';
import type { BufferedProtocol, Protocol, ProtocolFactory } from './protocol.js';
import type { Server } from './server.js';
import type { CheckedServerOptions } from './server-options.js';
import { type CloseCause, closeCauses, type RefusalCause, type ServerStats } from './stats.js';
import type { ListenerSocket, Transport } from './transport.js';

/** How long `await using` waits for connections to flush before it aborts them, ms. */
const DISPOSE_DRAIN_MS = 10_000;

/** The server: it owns listeners and connections, counts, and knows when it is over. */
export class Serving implements Server, ListenerOwner {
  readonly settings: TransportSettings;
  readonly engine: string;
  private readonly factory: ProtocolFactory;
  private readonly options: CheckedServerOptions;
  private readonly open = new Set<BaseTransport>();
  private listeners: Listener[] = [];
  private started = false;
  private suspended = false;
  private closing = false;
  private exhausted = false;
  private readonly clock: Clock | null;
  /** Open connections by remote host; only kept when that is limited. */
  private readonly perHost: Map<string, number> | null;
  private readonly over: Promise<void>;
  private finish!: () => void;

  private accepted = 0;
  private readonly refusedBy: Record<RefusalCause, number> = {
    'setup-error': 0,
    'max-connections-per-host': 0,
  };
  private acceptPauses = 0;
  private readonly closedBy = Object.fromEntries(closeCauses.map((cause) => [cause, 0])) as Record<
    CloseCause,
    number
  >;
  private bytesReadBefore = 0;
  private bytesWrittenBefore = 0;
  private acceptErrors = 0;
  private droppedWrites = 0;
  private callbackErrors = 0;

  /** Binds, and starts serving unless told not to. */
  static async create(
    factory: ProtocolFactory,
    engine: Engine,
    options: CheckedServerOptions,
  ): Promise<Serving> {
    options.signal?.throwIfAborted();
    const server = new Serving(factory, engine, options);
    server.listeners = await openListeners(engine, options, server);
    try {
      options.signal?.throwIfAborted();
      if (options.startServing !== false) await server.startServing();
    } catch (error) {
      await server.close();
      throw error;
    }
    server.closeOnAbort(options.signal);
    return server;
  }

  private constructor(factory: ProtocolFactory, engine: Engine, options: CheckedServerOptions) {
    this.factory = factory;
    this.engine = engine.name;
    this.options = options;
    this.settings = options.settings;
    this.clock = Clock.for(options.timeLimits, options.settings.lingerTimeoutMs);
    this.perHost = options.maxConnectionsPerHost === Infinity ? null : new Map();
    this.over = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  // ---- Server ----

  async startServing(): Promise<void> {
    if (this.closing) throw codedError(new Error('the server is closed'), 'ERR_SERVER_NOT_RUNNING');
    for (const listener of this.listeners) listener.start();
    this.started = true;
  }

  async serveForever(): Promise<void> {
    await this.startServing();
    await this.over;
  }

  get isServing(): boolean {
    return this.started && !this.closing;
  }

  get addresses(): readonly Address[] {
    return this.listeners.map((listener) => listener.address);
  }

  get sockets(): readonly ListenerSocket[] {
    return this.closing ? [] : this.listeners.map((listener) => listener.socket);
  }

  get transports(): ReadonlySet<Transport> {
    return this.open;
  }

  stats(): ServerStats {
    const refused = Object.values(this.refusedBy).reduce((sum, count) => sum + count);
    let bytesRead = this.bytesReadBefore;
    let bytesWritten = this.bytesWrittenBefore;
    for (const transport of this.open) {
      bytesRead += transport.bytesRead;
      bytesWritten += transport.bytesWritten;
    }
    return Object.freeze({
      accepted: this.accepted,
      refused,
      refusedBy: Object.freeze({ ...this.refusedBy }),
      active: this.open.size,
      closed: this.accepted - refused - this.open.size,
      closedBy: Object.freeze({ ...this.closedBy }),
      bytesRead,
      bytesWritten,
      acceptPauses: this.acceptPauses,
      acceptErrors: this.acceptErrors,
      droppedWrites: this.droppedWrites,
      callbackErrors: this.callbackErrors,
    });
  }

  suspend(): void {
    this.suspended = true;
    for (const listener of this.listeners) listener.suspend();
  }

  resume(): void {
    this.suspended = false;
    if (!this.closing) for (const listener of this.listeners) listener.resume();
  }

  async close(options: { drainTimeoutMs?: number } = {}): Promise<void> {
    if (!this.closing) {
      this.closing = true;
      for (const listener of this.listeners) listener.close();
      this.finishWhenEmpty();
    }
    const { drainTimeoutMs } = options;
    if (drainTimeoutMs === undefined || this.open.size === 0) return this.over;
    const deadline = setTimeout(() => {
      for (const transport of this.open) transport.terminate('drain-deadline', null);
    }, drainTimeoutMs);
    await this.over;
    clearTimeout(deadline);
  }

  closeTransports(): void {
    for (const transport of this.open) transport.close();
  }

  abortTransports(): void {
    for (const transport of this.open) transport.abort();
  }

  ref(): void {
    for (const listener of this.listeners) listener.ref();
  }

  unref(): void {
    for (const listener of this.listeners) listener.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.close({ drainTimeoutMs: DISPOSE_DRAIN_MS });
    this.closeTransports();
    await closed;
  }

  // ---- ListenerOwner ----

  get server(): Server {
    return this;
  }

  createProtocol(): Protocol | BufferedProtocol {
    return this.factory();
  }

  acceptRoom(): number {
    return this.closing ? 0 : this.options.maxConnections - this.open.size;
  }

  opened(transport: Transport): boolean {
    this.accepted++;
    this.exhausted = false;
    if (this.perHost !== null && !this.countHost(this.perHost, transport)) {
      this.refusedBy['max-connections-per-host']++;
      return false;
    }
    this.open.add(transport as BaseTransport);
    this.clock?.add(transport as BaseTransport);
    if (this.open.size === this.options.maxConnections) this.acceptPauses++;
    return true;
  }

  closed(transport: Transport, cause: CloseCause, _error: Error | null): void {
    const wasFull = this.acceptRoom() <= 0;
    this.open.delete(transport as BaseTransport);
    this.clock?.delete(transport as BaseTransport);
    if (this.perHost !== null) uncountHost(this.perHost, hostOf(transport));
    this.closedBy[cause]++;
    this.bytesReadBefore += transport.bytesRead;
    this.bytesWrittenBefore += transport.bytesWritten;
    if (this.closing) this.finishWhenEmpty();
    else if (wasFull && !this.suspended) for (const listener of this.listeners) listener.resume();
  }

  failed(error: Error, transport: Transport | null): void {
    this.callbackErrors++;
    this.report(error, transport);
  }

  refused(error: Error): void {
    this.accepted++;
    this.refusedBy['setup-error']++;
    this.failed(error, null);
  }

  /** Counts one more connection of the host unless it has as many as it may. */
  private countHost(perHost: Map<string, number>, transport: Transport): boolean {
    const host = hostOf(transport);
    const count = perHost.get(host) ?? 0;
    if (count >= this.options.maxConnectionsPerHost) return false;
    perHost.set(host, count + 1);
    return true;
  }

  acceptFailed(error: Error, fatal: boolean): void {
    this.acceptErrors++;
    if (channels.acceptError.hasSubscribers) channels.acceptError.publish({ error, fatal });
    if (this.exhausted && !fatal) return;
    this.exhausted = true;
    this.report(error, null);
  }

  writeDropped(transport: Transport, byteCount: number, first: boolean): void {
    this.droppedWrites++;
    if (first) tellDropped(transport, byteCount);
  }

  private report(error: Error, transport: Transport | null): void {
    tellError(this.options.onError, error, transport);
  }

  private closeOnAbort(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const onAbort = () => void this.close();
    signal.addEventListener('abort', onAbort, { once: true });
    void this.over.then(() => signal.removeEventListener('abort', onAbort));
  }

  private finishWhenEmpty(): void {
    if (this.open.size === 0) this.finish();
  }
}

/** Whose connection it is: the remote host; of a unix socket, the path. */
function hostOf({ remoteAddress }: Transport): string {
  return remoteAddress.family === 'unix' ? remoteAddress.path : remoteAddress.host;
}

function uncountHost(perHost: Map<string, number>, host: string): void {
  const count = (perHost.get(host) as number) - 1;
  if (count === 0) perHost.delete(host);
  else perHost.set(host, count);
}
