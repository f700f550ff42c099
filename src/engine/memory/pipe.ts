import { ByteQueue } from './byte-queue.js';
import type { Connection } from './connection.js';
import type { Endpoint } from './endpoint.js';

/**
 * One direction of a connection: a send buffer, the way across, a receive buffer.
 *
 * One thing is under way at a time: some bytes, then FIN, or RST. It leaves the
 * sender's buffer at the moment it arrives. No more is sent than the receiver has
 * room for, so a reader that stops fills its own buffer, then the sender's, and
 * then the sender is told to wait.
 *
 * RST comes after what the receiver had room for when it was sent: those bytes
 * would have crossed already; the rest is dropped by the sender (tcp(7) calls it
 * an abortive close).
 */
export class Pipe {
  /** Whether shutdown(2) was called: FIN follows the last byte. */
  finAsked = false;
  finArrived = false;
  private readonly connection: Connection;
  private readonly sender: Endpoint;
  private readonly receiver: Endpoint;
  private readonly unsent = new ByteQueue();
  private readonly unread = new ByteQueue();
  private resetAsked = false;
  private isOver = false;
  private isMoving = false;

  constructor(connection: Connection, sender: Endpoint, receiver: Endpoint) {
    this.connection = connection;
    this.sender = sender;
    this.receiver = receiver;
  }

  // ---- the sender's side ----

  /** Bytes the send buffer can take. */
  get room(): number {
    return Math.max(0, this.sender.sendBufferBytes - this.unsent.length);
  }

  get hasUnsent(): boolean {
    return this.unsent.length > 0;
  }

  push(data: Uint8Array): void {
    if (this.isOver) return;
    this.unsent.push(data);
    this.move();
  }

  finish(): void {
    this.finAsked = true;
    this.move();
  }

  reset(): void {
    const crossing = this.window;
    if (this.unsent.length > crossing) this.finAsked = false;
    this.unsent.truncate(crossing);
    this.resetAsked = true;
    this.move();
  }

  /** Nothing more goes this way. What has arrived stays readable. */
  abandon(): void {
    this.isOver = true;
    this.unsent.clear();
  }

  // ---- the receiver's side ----

  get unreadBytes(): number {
    return this.unread.length;
  }

  take(count: number): Buffer {
    const chunk = this.unread.take(count);
    this.move();
    return chunk;
  }

  /** The receiver has closed: what it did not read is gone. */
  dropUnread(): void {
    this.unread.clear();
    this.move();
  }

  // ---- the way across ----

  /** Has the next thing set out, if there is one and nothing is under way. */
  move(): void {
    if (this.isMoving) return;
    if (this.connection.isCut) {
      if (this.hasUnsent) this.connection.unanswered(this.sender);
      return;
    }
    if (!this.hasWork) return;
    this.isMoving = true;
    const { clock, weather } = this.connection;
    clock.inTransit(weather.delayMs(), () => this.arrive());
  }

  private get window(): number {
    const most = Math.min(this.receiver.receiveBufferBytes, this.connection.weather.unreadMax);
    return Math.max(0, most - this.unread.length);
  }

  private get hasWork(): boolean {
    if (this.isOver) return false;
    if (this.unsent.length > 0) return this.window > 0;
    return (this.finAsked && !this.finArrived) || this.resetAsked;
  }

  private arrive(): void {
    this.isMoving = false;
    const { connection } = this;
    if (this.hasWork && !connection.isCut && !connection.strikes()) {
      if (this.unsent.length > 0) this.arriveBytes();
      else if (this.finAsked && !this.finArrived) this.arriveFin();
      else this.arriveReset();
    }
    this.move();
  }

  private arriveBytes(): void {
    const available = Math.min(this.unsent.length, this.window);
    const chunk = this.unsent.take(this.connection.weather.chunk(available));
    this.connection.trace(this.sender, 'bytes', chunk);
    if (this.receiver.isClosed) {
      this.receiver.answerWithReset();
      return;
    }
    this.unread.push(chunk);
    this.sender.roomMade();
    this.receiver.inputArrived();
  }

  private arriveFin(): void {
    this.finArrived = true;
    this.connection.trace(this.sender, 'FIN');
    this.receiver.inputArrived();
  }

  private arriveReset(): void {
    this.isOver = true;
    this.connection.trace(this.sender, 'RST');
    this.receiver.resetArrived();
  }
}
