import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { Address } from '../address.js';
import { assertProtocol, type BufferedProtocol, type Protocol } from '../protocol.js';
import type { Transport } from '../transport.js';
import { checkByteCount, checkDelimiter, checkTarget } from './arguments.js';
import type { Connection, Decoder } from './connection.js';
import { Deferred, handled, rejected } from './deferred.js';
import { connectionClosed, connectionUpgraded } from './errors.js';
import { Handover, watched } from './handover.js';
import { type Attempt, Input } from './input.js';
import { chunks, Frames, lines } from './iterators.js';
import * as reads from './reads.js';
import { readableOf, writableOf } from './web-streams.js';

/** What the connections of one server, or of one `open`, have in common. */
export interface StreamSettings {
  /** Bytes. */
  readonly readLimit: number;
  /** Runs on each connection; `null` for a client, which has the connection in its hand. */
  readonly handler: ((connection: Connection) => unknown) | null;
}

/** What `write` returns to a writer that need not wait. */
const WRITTEN: Promise<void> = Promise.resolve();

/**
 * How an error that no callback throws reaches the engine, which then aborts the
 * connection and reports the error: as the rejection of what `connectionMade` returned.
 * A thenable instead of a promise, since there is one for each connection and hardly any fails.
 */
class FailureOutlet {
  private early: { readonly error: unknown } | null = null;
  private onRejected: ((error: unknown) => void) | null = null;

  /** Called by the engine, once `connectionMade` has returned. */
  // biome-ignore lint/suspicious/noThenProperty: being a thenable is what it is for
  then(_onFulfilled: unknown, onRejected: (error: unknown) => void): void {
    this.onRejected = onRejected;
    if (this.early !== null) onRejected(this.early.error);
  }

  fail(error: unknown): void {
    if (this.onRejected === null) this.early ??= { error };
    else this.onRejected(error);
  }
}

/** A connection as a stream, as a protocol of the transport. */
export class StreamConnection implements Connection, Protocol {
  private readonly settings: StreamSettings;
  private own!: Transport;
  private input!: Input;
  private outlet!: FailureOutlet;
  private isWritingPaused = false;
  private hasEnded = false;
  private isUpgraded = false;
  private isOver = false;
  private lostError: Error | null = null;
  private closedError: Error | null = null;
  /** Of the writers that wait. */
  private drain: Deferred<void> | null = null;
  private whenClosed: Deferred<Error | null> | null = null;
  private aborter: AbortController | null = null;
  private frameLoop: Frames<unknown> | null = null;
  private readableStream: ReadableStream<Uint8Array> | null = null;
  private writableStream: WritableStream<Uint8Array | string> | null = null;

  constructor(settings: StreamSettings) {
    this.settings = settings;
  }

  // ---- Protocol ----

  connectionMade(transport: Transport): FailureOutlet {
    this.own = transport;
    this.input = new Input(transport, this.settings.readLimit);
    this.outlet = new FailureOutlet();
    if (this.settings.handler !== null) this.run(this.settings.handler);
    return this.outlet;
  }

  dataReceived(data: Buffer): void {
    this.input.received(data);
  }

  eofReceived(): boolean {
    this.input.finish(null);
    return !this.hasEnded;
  }

  pauseWriting(): void {
    this.isWritingPaused = true;
  }

  resumeWriting(): void {
    this.isWritingPaused = false;
    this.drain?.resolve();
    this.drain = null;
  }

  connectionLost(error: Error | null): void {
    this.isOver = true;
    this.lostError = error;
    this.input.finish(error, () => this.endReason());
    this.drain?.fail(this.endReason());
    this.drain = null;
    this.aborter?.abort(this.endReason());
    this.whenClosed?.resolve(error);
  }

  // ---- the handler ----

  private run(handler: (connection: Connection) => unknown): void {
    try {
      const outcome = handler(this);
      if (outcome === undefined) this.returned();
      else {
        Promise.resolve(outcome).then(
          () => this.returned(),
          (error) => this.threw(error),
        );
      }
    } catch (error) {
      this.threw(error);
    }
  }

  private returned(): void {
    if (!this.isUpgraded) this.own.close();
  }

  private threw(error: unknown): void {
    if (!this.isOwnEnd(error)) this.outlet.fail(error);
  }

  /** A handler that goes down with its connection has nothing to report. */
  private isOwnEnd(error: unknown): boolean {
    const reasons: unknown[] = [this.lostError, this.closedError];
    return error instanceof Error && (reasons.includes(error) || reasons.includes(error.cause));
  }

  /** Why nothing can be had from this connection any more. */
  private endReason(): Error {
    if (this.lostError !== null) return this.lostError;
    this.closedError ??= connectionClosed();
    return this.closedError;
  }

  // ---- reading ----

  get transport(): Transport {
    return this.own;
  }

  get remoteAddress(): Address {
    return this.own.remoteAddress;
  }

  get localAddress(): Address {
    return this.own.localAddress;
  }

  read(max?: number): Promise<Buffer | null> {
    if (max === undefined) return this.input.read(reads.chunk);
    return this.checked(() => reads.atMost(checkByteCount('max', max, 1)));
  }

  readExactly(byteCount: number): Promise<Buffer> {
    return this.checked(() => reads.exactly(checkByteCount('byteCount', byteCount, 0)));
  }

  readUntil(
    delimiter: Uint8Array | string,
    { limit = this.settings.readLimit }: { limit?: number } = {},
  ): Promise<Buffer> {
    return this.checked(() =>
      reads.until(checkDelimiter(delimiter), checkByteCount('limit', limit, 0)),
    );
  }

  readLine(): Promise<string | null> {
    return this.input.read(reads.line(this.settings.readLimit));
  }

  readInto(target: Uint8Array): Promise<number> {
    return this.checked(() => reads.into(checkTarget(target)));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    return chunks(this.input);
  }

  lines(): AsyncIterableIterator<string> {
    return lines(this.input, this.settings.readLimit);
  }

  frames<Out>(codec: Decoder<Out>): AsyncIterableIterator<Out> {
    if (this.frameLoop?.codec !== codec) this.frameLoop = new Frames(codec);
    return (this.frameLoop as Frames<Out>).iterate(this.input);
  }

  // ---- writing ----

  write(data: Uint8Array | string): Promise<void> {
    if (this.isUpgraded) return Promise.reject(connectionUpgraded());
    try {
      this.own.write(data);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.whenWritable();
  }

  writev(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.isUpgraded) return Promise.reject(connectionUpgraded());
    try {
      this.own.writev(pieces);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.whenWritable();
  }

  private whenWritable(): Promise<void> {
    if (this.own.isClosing) return this.dropped();
    if (!this.isWritingPaused) return WRITTEN;
    this.drain ??= new Deferred();
    return this.drain.promise;
  }

  /** The write came too late. Why is known at once when it was us who closed, else with the end. */
  private dropped(): Promise<never> {
    if (this.isOver || this.closedError !== null) return rejected(this.endReason());
    return handled(
      this.closed.then(() => {
        throw this.endReason();
      }),
    );
  }

  // ---- ending ----

  end(): void {
    this.refuseUpgraded();
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.own.writeEof();
    if (this.input.ended) this.own.close();
  }

  async close(): Promise<void> {
    this.refuseUpgraded();
    this.own.close();
    this.input.finish(null, () => this.endReason());
    await this.closed;
  }

  abort(): void {
    this.refuseUpgraded();
    this.own.abort();
    this.input.finish(null, () => this.endReason());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isUpgraded) await this.close();
  }

  get closed(): Promise<Error | null> {
    if (this.whenClosed === null) {
      this.whenClosed = new Deferred();
      if (this.isOver || this.isUpgraded) this.whenClosed.resolve(this.lostError);
    }
    return this.whenClosed.promise;
  }

  get signal(): AbortSignal {
    if (this.aborter === null) {
      this.aborter = new AbortController();
      if (this.isOver) this.aborter.abort(this.endReason());
    }
    return this.aborter.signal;
  }

  // ---- other shapes ----

  upgrade(protocol: Protocol | BufferedProtocol): Transport {
    this.refuseUpgraded();
    assertProtocol(protocol);
    const { own: transport, input } = this;
    const fail = (error: unknown) => this.outlet.fail(error);
    if (transport.isClosing) throw this.endReason();
    const queue = input.take();
    this.isUpgraded = true;
    this.whenClosed?.resolve(null);
    transport.protocol = protocol;
    if (queue.byteLength > 0 || input.ended) {
      new Handover(transport, queue, input.ended, fail).begin();
    }
    watched(() => protocol.connectionMade?.(transport), fail);
    if (this.isWritingPaused) watched(() => protocol.pauseWriting?.(), fail);
    return transport;
  }

  get readable(): ReadableStream<Uint8Array> {
    this.readableStream ??= readableOf(this);
    return this.readableStream;
  }

  get writable(): WritableStream<Uint8Array | string> {
    this.writableStream ??= writableOf(this);
    return this.writableStream;
  }

  private refuseUpgraded(): void {
    if (this.isUpgraded) throw connectionUpgraded();
  }

  /** Reads when the arguments are right; a wrong one rejects. */
  private checked<T>(makeAttempt: () => Attempt<T>): Promise<T> {
    try {
      return this.input.read(makeAttempt());
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
