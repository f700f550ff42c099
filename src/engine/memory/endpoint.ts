/**
 * One end of a connection, as the kernel would keep it behind a file descriptor.
 *
 * The facts of Linux it reproduces (tcp(7), and measured):
 * - A send takes what the send buffer has room for; none: EAGAIN.
 * - What arrived before a reset is read first, then ECONNRESET, once; after that
 *   reading gives the end of input and sending EPIPE. A send that meets the error
 *   first takes it away.
 * - After the peer's FIN has been received, a reset shows as EPIPE, and only when
 *   sending: reading gives the end of input for ever.
 * - close(2) with unread input sends RST instead of FIN. So does input that
 *   arrives after close(2).
 * - After shutdown(2) of the sending side, receiving goes on.
 * - A unix socket cannot be made to send RST, except by closing it with unread input.
 */
import type { Address } from '../../address.js';
import type { Connection } from './connection.js';
import { EAGAIN, ECONNRESET, ENOTCONN, EPIPE } from './errno.js';
import type { OptionTable } from './option-table.js';
import type { Pipe } from './pipe.js';

/** Whoever reads from and writes to an endpoint. */
export interface EndpointOwner {
  /** Bytes, FIN or an error arrived. */
  inputChanged(): void;
  /** There is room again after a send that fell short. */
  outputChanged(): void;
}

export class Endpoint {
  readonly local: Address;
  readonly remote: Address;
  readonly options: OptionTable;
  owner: EndpointOwner | null = null;
  isClosed = false;
  readonly connection: Connection;
  private input!: Pipe;
  private output!: Pipe;
  /** What the next call reports, like SO_ERROR; 0: nothing. */
  private error = 0;
  /** RST was sent or received, or the network gave up. */
  private isDead = false;
  private isStarved = false;

  constructor(connection: Connection, local: Address, remote: Address, options: OptionTable) {
    this.connection = connection;
    this.local = local;
    this.remote = remote;
    this.options = options;
  }

  join(input: Pipe, output: Pipe): void {
    this.input = input;
    this.output = output;
  }

  // ---- system calls: a count, or a negative error number ----

  send(data: Uint8Array): number {
    if (this.error !== 0) return this.takeError();
    if (this.isDead || this.output.finAsked) return EPIPE;
    const count = Math.min(data.length, this.output.room);
    if (count < data.length) this.isStarved = true;
    if (count === 0) return EAGAIN;
    this.output.push(data.subarray(0, count));
    return count;
  }

  /** Bytes; 0: the end of input. */
  receive(most: number): Buffer | number {
    if (this.input.unreadBytes > 0) return this.input.take(most);
    if (this.input.finArrived) return 0;
    if (this.error !== 0) return this.takeError();
    return this.isDead ? 0 : EAGAIN;
  }

  /** Sends FIN after everything else. */
  shutdown(): number {
    if (this.isDead) return ENOTCONN;
    this.output.finish();
    return 0;
  }

  close(): void {
    this.end(this.input.unreadBytes > 0);
  }

  /** close(2) with SO_LINGER {1, 0}. */
  reset(): void {
    this.end(this.input.unreadBytes > 0 || this.local.family !== 'unix');
  }

  /** SO_ERROR: reading it clears it. */
  takeError(): number {
    const { error } = this;
    this.error = 0;
    return error;
  }

  // ---- state ----

  /** Whether `receive` has something to say. */
  get hasInput(): boolean {
    return this.input.unreadBytes > 0 || this.input.finArrived || this.isDead;
  }

  get hasError(): boolean {
    return this.error !== 0;
  }

  get hasUnsent(): boolean {
    return this.output.hasUnsent;
  }

  get sendBufferBytes(): number {
    return this.options.sendBufferBytes;
  }

  get receiveBufferBytes(): number {
    return this.options.receiveBufferBytes;
  }

  // ---- what the network does to it ----

  inputArrived(): void {
    this.owner?.inputChanged();
  }

  roomMade(): void {
    if (!this.isStarved) return;
    this.isStarved = false;
    this.connection.clock.inTransit(0, () => this.owner?.outputChanged());
  }

  resetArrived(): void {
    this.breakWith(this.input.finArrived ? EPIPE : ECONNRESET);
  }

  /** The connection is dead, for `error`. */
  breakWith(error: number): void {
    if (this.isDead) return;
    this.isDead = true;
    this.error = error;
    this.output.abandon();
    this.owner?.inputChanged();
  }

  /** Input arrived for a socket that nobody has any more. */
  answerWithReset(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.output.reset();
  }

  private end(withReset: boolean): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.owner = null;
    this.connection.network.openSockets--;
    this.input.dropUnread();
    if (this.isDead) return;
    if (withReset) this.answerWithReset();
    else this.output.finish();
  }
}
