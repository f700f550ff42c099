import type { Address } from '../address.js';
import { ByteQueue } from '../engine/memory/byte-queue.js';
import type { Endpoint, EndpointOwner } from '../engine/memory/endpoint.js';
import { EAGAIN } from '../engine/memory/errno.js';
import type { Strike } from '../engine/memory/weather.js';
import { type SystemError, systemError } from '../errors.js';
import { FaultInjected, shown } from './report.js';
import type { Waiting } from './waiting.js';

/**
 * The other end of a connection: bare bytes, FIN and RST, and nothing of the
 * library between them and the test. It reads all the time unless it is paused.
 *
 * The methods that return a promise wait; an expectation that cannot come true any
 * more rejects and says what had arrived. They take what they expect out of
 * `received`. Strings are UTF-8.
 *
 * @throws FaultInjected from each of them when the seed has broken the connection
 */
export class MemoryPeer implements EndpointOwner {
  /** FIN has arrived, and everything before it. */
  isEnded = false;
  /** Why the connection broke: `ECONNRESET` for RST. */
  error: SystemError | null = null;
  private readonly endpoint: Endpoint;
  private readonly waiting: Waiting;
  private readonly arrived = new ByteQueue();
  private readonly backlog = new ByteQueue();
  private isPaused = false;
  private isEnding = false;

  /** Peers are made by `connectPeer` and `accept`. */
  constructor(endpoint: Endpoint, waiting: Waiting, isPaused = false) {
    this.endpoint = endpoint;
    this.waiting = waiting;
    this.isPaused = isPaused;
    endpoint.owner = this;
    if (endpoint.hasInput) this.inputChanged();
  }

  get localAddress(): Address {
    return this.endpoint.local;
  }

  get remoteAddress(): Address {
    return this.endpoint.remote;
  }

  /** What has arrived and was not taken by an expectation. */
  get received(): Buffer {
    return this.arrived.peekAll();
  }

  /** Bytes given to `write` that the network has not taken: the other end does not read. */
  get unsentBytes(): number {
    return this.backlog.length;
  }

  /** What the seed did to this connection. */
  get fault(): Strike | null {
    return this.endpoint.connection.strike;
  }

  // ---- acting ----

  /** Sends, without waiting. What the network has no room for follows by itself. */
  write(data: Uint8Array | string): void {
    this.backlog.push(Buffer.from(data as string));
    this.sendBacklog();
  }

  /** Sends, and resolves when the network has taken everything: the other end reads, or has room. */
  async send(data: Uint8Array | string): Promise<void> {
    this.write(data);
    const inVain = () => this.failure(`the other end to take ${this.unsentBytes} bytes more`);
    const isBroken = () => this.error !== null;
    await this.waiting.until(() => this.unsentBytes === 0 || isBroken(), inVain);
    if (isBroken()) throw inVain();
  }

  /** Sends FIN after everything written. Reading goes on. */
  end(): void {
    this.isEnding = true;
    this.sendBacklog();
  }

  /** close(2): FIN, or RST when there is input that was not read. Nothing more is received. */
  close(): void {
    this.endpoint.close();
  }

  /** RST. */
  reset(): void {
    this.endpoint.reset();
  }

  /** Stops reading: the network fills up until the other end has to wait. */
  pause(): void {
    this.isPaused = true;
  }

  /** Reads again. */
  resume(): void {
    this.isPaused = false;
    if (this.endpoint.hasInput) this.inputChanged();
  }

  /** Reads everything and sends FIN: how a client goes that has no more to say. */
  leave(): void {
    this.resume();
    this.end();
  }

  /** Cuts the line: nothing arrives any more, in either direction, and nobody is told. */
  cut(): void {
    this.endpoint.connection.cut();
  }

  // ---- expecting ----

  /** Resolves when exactly these bytes have come next; rejects as soon as others have. */
  async expect(data: Uint8Array | string): Promise<void> {
    const wanted = Buffer.from(data as string);
    const differs = () => {
      const got = this.arrived.peekAll();
      const length = Math.min(got.length, wanted.length);
      return !got.subarray(0, length).equals(wanted.subarray(0, length));
    };
    await this.until(
      () => this.arrived.length >= wanted.length || differs(),
      () => shown(wanted),
    );
    if (differs()) throw this.failure(shown(wanted));
    this.arrived.take(wanted.length);
  }

  /** Resolves to the next bytes, exactly so many. */
  async receive(byteCount: number): Promise<Buffer> {
    await this.until(
      () => this.arrived.length >= byteCount,
      () => `${byteCount} bytes`,
    );
    return this.arrived.take(byteCount);
  }

  /** Resolves to everything up to FIN. */
  async receiveAll(): Promise<Buffer> {
    await this.until(
      () => this.isEnded,
      () => 'FIN',
    );
    return this.arrived.take(Infinity);
  }

  /** Resolves when FIN has come, and nothing before it that was not expected. */
  async expectEnd(): Promise<void> {
    await this.until(
      () => this.isEnded || this.arrived.length > 0,
      () => 'FIN',
    );
    if (this.arrived.length > 0) throw this.failure('FIN');
  }

  /** Resolves when RST has come, whatever came before it. */
  async expectReset(): Promise<void> {
    await this.until(
      () => this.error?.code === 'ECONNRESET',
      () => 'RST',
    );
  }

  /** Resolves when nothing moves in the network any more, if nothing was received until then. */
  async expectSilence(): Promise<void> {
    await this.endpoint.connection.clock.idle();
    if (this.arrived.length > 0 || this.isEnded || this.error !== null) {
      throw this.failure('nothing');
    }
  }

  // ---- EndpointOwner ----

  inputChanged(): void {
    if (this.endpoint.hasError && this.backlog.length > 0) this.sendBacklog();
    while (!this.isPaused && !this.isEnded && this.error === null && this.receiveOnce());
    this.waiting.notify();
  }

  outputChanged(): void {
    this.sendBacklog();
    this.waiting.notify();
  }

  private receiveOnce(): boolean {
    const result = this.endpoint.receive(Infinity);
    if (typeof result !== 'number') this.arrived.push(result);
    else if (result === 0) this.isEnded = true;
    else if (result !== EAGAIN) this.broken(result, 'read');
    return typeof result !== 'number';
  }

  private sendBacklog(): void {
    while (this.backlog.length > 0 && this.error === null) {
      const result = this.endpoint.send(this.backlog.peek(Infinity));
      if (result === EAGAIN) return;
      if (result < 0) this.broken(result, 'write');
      else this.backlog.take(result);
    }
    if (this.isEnding && this.error === null) this.endpoint.shutdown();
  }

  private broken(errno: number, syscall: string): void {
    this.error = systemError(errno, syscall);
    this.backlog.clear();
  }

  /** Waits for a condition that only this connection can bring about. */
  private async until(isMet: () => boolean, what: () => string): Promise<void> {
    const isOver = () => this.isEnded || this.error !== null;
    await this.waiting.until(
      () => isMet() || isOver(),
      () => this.failure(what()),
    );
    if (!isMet()) throw this.failure(what());
  }

  private failure(awaited: string): Error {
    const { fault, error } = this;
    const end = this.isEnded ? ', then FIN' : '';
    const broken = error === null ? '' : `, then ${error.code}`;
    const message = `the peer expected ${awaited}; it received ${shown(this.received)}${end}${broken}`;
    return fault === null ? new Error(message) : new FaultInjected(fault, message);
  }
}
