import { Duplex } from 'node:stream';
import type { Address } from '../address.js';
import type { Protocol } from '../protocol.js';
import type { Transport } from '../transport.js';
import type { Connection } from './connection.js';
import { connectionClosed } from './errors.js';
import { IdleTimer } from './idle-timer.js';

type Done = (error?: Error | null) => void;

/** Bytes read ahead of the reader, and written ahead of the transport's own buffer. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * A transport as a Node `Duplex`, with those members of `net.Socket` that Node's `http.Server` and
 * libraries such as `ws` use. As with a socket, `end` sends FIN and `destroy` drops what
 * is not sent; when both sides have ended the connection closes. `end` by the peer does not end
 * our side. An 'error' without a listener is an uncaught exception, as for every stream.
 */
export class TransportDuplex extends Duplex implements Protocol {
  /** As of a connected socket. */
  readonly connecting = false;
  private transport!: Transport;
  private readonly idle = new IdleTimer(() => this.emit('timeout'));
  private isWritingPaused = false;
  private isLost = false;
  private lostError: Error | null = null;
  private writeDone: Done | null = null;
  private destroyDone: (() => void) | null = null;

  constructor() {
    super({
      decodeStrings: false,
      readableHighWaterMark: HIGH_WATER_MARK,
      writableHighWaterMark: HIGH_WATER_MARK,
    });
  }

  // ---- Protocol ----

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.idle.touch();
    if (!this.push(data)) this.transport.pauseReading();
  }

  eofReceived(): boolean {
    this.push(null);
    // 'end' comes when somebody reads; with nothing buffered that may be us.
    this.read(0);
    return true;
  }

  pauseWriting(): void {
    this.isWritingPaused = true;
  }

  resumeWriting(): void {
    this.isWritingPaused = false;
    this.idle.touch();
    this.finishWrite(null);
  }

  connectionLost(error: Error | null): void {
    this.isLost = true;
    this.lostError = error;
    this.idle.stop();
    this.destroyDone?.();
    this.destroy(error ?? undefined);
    this.finishWrite(error ?? connectionClosed());
  }

  private finishWrite(error: Error | null): void {
    const done = this.writeDone;
    this.writeDone = null;
    done?.(error);
  }

  // ---- Duplex ----

  override _read(): void {
    this.transport.resumeReading();
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    this.send(chunk, encoding);
    this.written(done);
  }

  override _writev(
    chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[],
    done: Done,
  ): void {
    for (const { chunk, encoding } of chunks) this.send(chunk, encoding);
    this.written(done);
  }

  private send(chunk: Uint8Array | string, encoding: BufferEncoding): void {
    const isOther = typeof chunk === 'string' && encoding !== 'utf8';
    this.transport.write(isOther ? Buffer.from(chunk, encoding) : chunk);
  }

  private written(done: Done): void {
    this.idle.touch();
    if (this.transport.isClosing) done(this.lostError ?? connectionClosed());
    else if (this.isWritingPaused) this.writeDone = done;
    else done();
  }

  override _final(done: Done): void {
    this.transport.writeEof();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.idle.stop();
    if (this.isLost) {
      done(error);
      return;
    }
    this.destroyDone = () => done(error);
    if (error === null && this.writableFinished) this.transport.close();
    else this.transport.abort();
  }

  /** Ends, and destroys once what was written is on its way. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  // ---- net.Socket ----

  get remoteAddress(): string | undefined {
    return hostOf(this.transport.remoteAddress);
  }

  get remotePort(): number | undefined {
    return portOf(this.transport.remoteAddress);
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.transport.remoteAddress);
  }

  get localAddress(): string | undefined {
    return hostOf(this.transport.localAddress);
  }

  get localPort(): number | undefined {
    return portOf(this.transport.localAddress);
  }

  get localFamily(): string | undefined {
    return familyOf(this.transport.localAddress);
  }

  get bytesRead(): number {
    return this.transport.bytesRead;
  }

  get bytesWritten(): number {
    return this.transport.bytesWritten;
  }

  /** Our end, as `socket.address()`; empty for a unix socket. */
  address(): { address?: string; family?: string; port?: number } {
    const { localAddress: address, localFamily: family, localPort: port } = this;
    return address === undefined ? {} : { address, family, port };
  }

  /** Milliseconds, or `undefined` when there is no time-out. */
  get timeout(): number | undefined {
    return this.idle.timeoutMs || undefined;
  }

  /** Emits 'timeout' after so many ms without a read or a write; 0 turns it off. */
  setTimeout(timeoutMs: number, onTimeout?: () => void): this {
    if (this.destroyed) return this;
    this.idle.set(timeoutMs);
    if (onTimeout !== undefined) {
      if (timeoutMs === 0) this.removeListener('timeout', onTimeout);
      else this.once('timeout', onTimeout);
    }
    return this;
  }

  /** TCP_NODELAY, which is on from the beginning; nothing on a unix socket. */
  setNoDelay(enable = true): this {
    if (this.isTcp) this.transport.socket.set('TCP_NODELAY', enable);
    return this;
  }

  /** SO_KEEPALIVE and, from 1 s on, TCP_KEEPIDLE; nothing on a unix socket. */
  setKeepAlive(enable = false, initialDelayMs = 0): this {
    if (!this.isTcp) return this;
    const seconds = Math.floor(initialDelayMs / 1000);
    this.transport.socket.set('SO_KEEPALIVE', enable);
    if (enable && seconds > 0) this.transport.socket.set('TCP_KEEPIDLE', seconds);
    return this;
  }

  /** Without effect: an open transport keeps the process alive. */
  ref(): this {
    return this;
  }

  /** Without effect: an open transport keeps the process alive. */
  unref(): this {
    return this;
  }

  private get isTcp(): boolean {
    return !this.transport.isClosing && this.transport.remoteAddress.family !== 'unix';
  }
}

function hostOf(address: Address): string | undefined {
  return address.family === 'unix' ? undefined : address.host;
}

function portOf(address: Address): number | undefined {
  return address.family === 'unix' ? undefined : address.port;
}

function familyOf(address: Address): string | undefined {
  return address.family === 'unix' ? undefined : address.family;
}

/**
 * Gives a connection to whoever works on Node streams: `httpServer.emit('connection', toDuplex(transport))`.
 * The duplex is the transport's protocol from now on; a stream connection is
 * upgraded to it with what it has buffered, and its handler may return.
 *
 * @throws Error when the stream connection has a read waiting, is upgraded already, or is closed
 */
export function toDuplex(source: Transport | Connection): TransportDuplex {
  const duplex = new TransportDuplex();
  if ('upgrade' in source) {
    source.upgrade(duplex);
  } else {
    source.protocol = duplex;
    duplex.connectionMade(source);
  }
  return duplex;
}
