import type { Socket } from 'node:net';
import { constants as os } from 'node:os';
import type { Address } from '../../address.js';
import { BaseTransport } from '../../base-transport.js';
import { type SystemError, systemError } from '../../errors.js';
import type { OptionCalls } from '../../options/access.js';
import type { OptionCall } from '../../options/plan.js';
import type { BufferedProtocol, Protocol } from '../../protocol.js';
import type { CloseCause } from '../../stats.js';
import type { TransportSocket } from '../../transport.js';
import type { ConnectionOwner } from '../engine.js';
import { descriptorOf, isDisconnected, startReading, stopReading, unsentOf } from './handle.js';
import type { LoopHold } from './hold.js';
import { askedOf, rearmQuickAck, setByKernel, setByNode } from './options.js';
import { Outbox } from './outbox.js';
import { socketAccess } from './socket.js';

/** Most bytes given to node:net at once. It tells of a write only when all of it is done. */
const REQUEST_BYTES = 64 * 1024;
/** Most bytes given to node:net in one turn. */
const TURN_WRITE_BYTES = 256 * 1024;
/** What libuv offers the kernel for one receive; less than that is the last of what is there. */
const RECEIVE_BYTES = 64 * 1024;
/** Most receives in a row that fill it. libuv would go on to 32, while other connections wait. */
const TURN_RECEIVES = 4;

/** What all sockets of one engine share. */
export interface NodeEnvironment {
  /** getsockopt(2) and setsockopt(2), where the addon is loaded. */
  readonly calls: OptionCalls | null;
  readonly hold: LoopHold;
}

/** What makes a transport: a connected socket that is paused, and what is known of it. */
export interface Connection {
  readonly socket: Socket;
  readonly remote: Address;
  readonly local: Address;
  /** Set before `connectionMade`. */
  readonly options: readonly OptionCall[];
}

/**
 * A connection on node:net.
 *
 * Writing: what a turn writes is copied into the outbox and given to the socket in
 * the turn's check phase, or at once when it exceeds the high-water mark. The
 * socket gets one request at a time, so that the order is ours and the size of
 * what is not sent is known.
 *
 * The socket destroys itself, handle and all, before it emits 'error'. What must
 * be known afterwards is asked for in the beginning.
 */
export class NodeTransport extends BaseTransport {
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  private readonly environment: NodeEnvironment;
  private readonly netSocket: Socket;
  private readonly options: readonly OptionCall[];
  /** Re-arms TCP_QUICKACK after every receive. */
  private readonly quickCalls: OptionCalls | null;
  private access: TransportSocket | null = null;

  private readonly outbox = new Outbox();
  /** Bytes of the request under way; 0: there is none. */
  private inFlight = 0;
  private acceptedBytes = 0;
  private turnBytes = 0;
  /** Receives in a row that were as large as they can be. */
  private fullReceives = 0;

  private isReceiving = false;
  private isSettling = false;
  /** Something was left after a flush. */
  private hasWaited = false;
  /** FIN was asked for. */
  private isEnding = false;
  /** FIN is sent. */
  private isShut = false;
  /** The socket is no more ours to report about: it is destroyed, or lingers. */
  private isReleased = false;

  /** @throws SocketOptionError when an option cannot be set */
  constructor(
    environment: NodeEnvironment,
    owner: ConnectionOwner,
    protocol: Protocol | BufferedProtocol,
    connection: Connection,
  ) {
    super(owner, protocol);
    const { calls, hold } = environment;
    const { socket, options, remote, local } = connection;
    this.environment = environment;
    this.netSocket = socket;
    this.options = options;
    this.remoteAddress = remote;
    this.localAddress = local;
    if (calls === null) setByNode(socket, askedOf(options));
    else setByKernel(calls, descriptorOf(socket), options);
    this.quickCalls = owner.settings.quickAck && remote.family !== 'unix' ? calls : null;
    hold.take();
    socket.on('data', (chunk: Buffer) => this.onData(chunk));
    socket.on('end', () => this.onEnd());
    socket.on('finish', () => this.onFinish());
    socket.on('error', (error: SystemError) => this.onError(error));
  }

  /** Opens, and starts receiving. */
  start(): void {
    this.open();
    if (this.isReleased) return;
    if (this.quickCalls !== null) rearmQuickAck(this.quickCalls, this.netSocket);
    this.readingChanged();
  }

  // ---- socket and counters ----

  get socket(): TransportSocket {
    this.access ??= socketAccess(
      this.environment.calls,
      this.netSocket,
      this.owner.server === null ? 'client' : 'connection',
      this.options,
    );
    return this.access;
  }

  get writeBufferSize(): number {
    const { inFlight } = this;
    return this.outbox.byteLength + (inFlight === 0 ? 0 : unsentOf(this.netSocket, inFlight));
  }

  get bytesWritten(): number {
    return this.acceptedBytes - this.writeBufferSize;
  }

  // ---- writing ----

  protected override send(data: Uint8Array | string): void {
    const before = this.outbox.byteLength;
    if (typeof data === 'string') this.outbox.appendText(data);
    else this.outbox.append(data);
    this.queued(before);
  }

  protected override sendMany(chunks: readonly Uint8Array[]): void {
    const before = this.outbox.byteLength;
    for (const chunk of chunks) this.outbox.appendOwned(chunk);
    this.queued(before);
  }

  private queued(before: number): void {
    const { byteLength } = this.outbox;
    this.acceptedBytes += byteLength - before;
    if (byteLength > this.writeBufferLimits.high) this.flush();
    this.settleLater();
  }

  /** Gives the socket what waits, until it has a request that is not done at once. Never calls the protocol. */
  private flush(): void {
    while (this.outbox.byteLength > 0 && this.inFlight === 0 && this.turnBytes < TURN_WRITE_BYTES) {
      const chunks = this.outbox.take(REQUEST_BYTES);
      const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const { netSocket } = this;
      const last = chunks.pop() as Buffer;
      netSocket.cork();
      for (const chunk of chunks) netSocket.write(chunk);
      netSocket.write(last, this.onSent);
      netSocket.uncork();
      // A failed request counts as under way until 'error' is emitted.
      this.inFlight = netSocket.errored === null ? netSocket.writableLength : length;
      this.turnBytes += length;
    }
    this.hasWaited ||= this.outbox.byteLength + this.inFlight > 0;
  }

  /**
   * A request is done. Node runs this before any other I/O: were the protocol told
   * here, one that writes whenever it may would stop everything else.
   */
  private readonly onSent = (error?: Error | null): void => {
    if (error || this.isReleased) return;
    if (this.netSocket.writableLength === 0) {
      this.inFlight = 0;
      this.flush();
    }
    this.settleLater();
  };

  // ---- receiving ----

  private onData(chunk: Buffer): void {
    if (this.isReleased) return;
    this.fullReceives = chunk.length < RECEIVE_BYTES ? 0 : this.fullReceives + 1;
    this.received(chunk);
    if (this.quickCalls !== null) rearmQuickAck(this.quickCalls, this.netSocket);
    if (this.fullReceives >= TURN_RECEIVES) {
      this.readingChanged();
      this.settleLater();
    }
  }

  private onEnd(): void {
    if (this.isReleased) return;
    if (!this.isShut && isDisconnected(this.netSocket)) {
      this.netSocket.destroy();
      this.onError(systemError(-os.errno.ECONNRESET, 'read'));
    } else {
      this.receivedEof();
    }
  }

  private onError(error: SystemError): void {
    if (this.isReleased) return;
    this.giveUpOutput();
    this.release();
    this.conclude(error, causeOf(error));
  }

  // ---- what the state machine asks for ----

  protected override finishOutput(): void {
    this.readingChanged();
    this.settleLater();
  }

  protected override readingChanged(): void {
    const wanted = this.wantsInput && this.fullReceives < TURN_RECEIVES;
    if (this.isReleased || wanted === this.isReceiving) return;
    this.isReceiving = wanted;
    if (wanted) startReading(this.netSocket);
    else stopReading(this.netSocket);
  }

  protected override defer(): void {
    this.settleLater();
  }

  protected override discard(reset: boolean): void {
    if (this.isReleased) return;
    // What was written earlier in this turn would be in the kernel already without batching.
    this.flush();
    this.acceptedBytes -= this.writeBufferSize;
    this.inFlight = 0;
    this.outbox.clear();
    this.release();
    if (reset) resetSocket(this.netSocket);
    else this.netSocket.destroy();
  }

  // ---- the end of a turn, and the end ----

  private settleLater(): void {
    if (this.isSettling) return;
    this.isSettling = true;
    settleSoon(this);
  }

  /** The process ends: what was written before has to leave now. */
  flushAtExit(): void {
    if (!this.isReleased) this.flush();
  }

  /** Sends what the turn wrote, then FIN if that is all, then makes the callbacks that are due. */
  settle(): void {
    this.isSettling = false;
    this.turnBytes = 0;
    this.fullReceives = 0;
    if (!this.isReleased) {
      this.flush();
      this.readingChanged();
      this.tellDrained();
    }
    if (!this.isReleased && this.isFinishing && this.writeBufferSize === 0) this.endOutput();
    this.runDue();
  }

  /** A closing flush that never had to wait kept no writer waiting either; telling it would only ask for more. */
  private tellDrained(): void {
    if (this.isClosing && !this.hasWaited) return;
    this.hasWaited = this.writeBufferSize > 0;
    this.drained();
  }

  private endOutput(): void {
    if (this.isShut) {
      this.onFinish();
    } else if (!this.isEnding) {
      this.isEnding = true;
      this.netSocket.end();
    }
  }

  /** FIN is sent. Only when the peer's has come too can the socket be closed without risking a reset. */
  private onFinish(): void {
    this.isShut = true;
    if (this.isReleased || !this.isClosing) return;
    const { netSocket } = this;
    const { lingerTimeoutMs } = this.owner.settings;
    this.conclude(null);
    this.release();
    if (this.eofSeen || lingerTimeoutMs === 0 || netSocket.destroyed) {
      netSocket.destroy();
      return;
    }
    const deadline = setTimeout(() => netSocket.destroy(), lingerTimeoutMs);
    netSocket.once('close', () => clearTimeout(deadline));
    startReading(netSocket);
  }

  private giveUpOutput(): void {
    this.acceptedBytes -= this.outbox.byteLength + this.inFlight;
    this.outbox.clear();
    this.inFlight = 0;
  }

  private release(): void {
    this.isReleased = true;
    this.environment.hold.drop();
  }
}

/** The transports to settle when this turn ends. */
let unsettled: NodeTransport[] = [];

function settleSoon(transport: NodeTransport): void {
  if (unsettled.push(transport) === 1) setImmediate(settleAll);
}

function settleAll(): void {
  const transports = unsettled;
  unsettled = [];
  for (const transport of transports) transport.settle();
}

process.on('exit', () => {
  for (const transport of unsettled) transport.flushAtExit();
});

/** Closes so that the peer sees RST. A unix socket has none. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

function causeOf(error: SystemError): CloseCause {
  if (error.code === 'ECONNRESET') return 'peer-reset';
  if (error.code === 'ETIMEDOUT') return 'timeout';
  return error.syscall === 'read' ? 'read-error' : 'write-error';
}
