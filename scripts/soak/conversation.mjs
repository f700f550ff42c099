import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatHello, modes, replySeed } from './modes.mjs';
import { PatternCheck, patternAt } from './pattern.mjs';

/** A conversation that has not ended after so long is stuck, ms. */
const STUCK_MS = 30_000;
/** Noise is sent in pieces at this distance, ms; all of it before the server stops lingering. */
const NOISE_EVERY_MS = 20;
const NOISE_PIECES = 8;
/** What the client hands to the kernel at once, at most, bytes. */
const PIECE_MAX = 64 * 1024;
/** How long a slow client pauses after each piece it reads, at most, ms. */
const SLOW_PAUSE_MS = 8;

/** One connection of the client's side, over node:net, from connect to close. */
export class Conversation {
  hello;
  sent = 0;
  error = null;
  #mode;
  #random;
  #socket;
  #reply;
  #sawEnd = false;
  #isClosed;

  /** @param plan `{ mode, seed, up, down }` */
  constructor(port, plan, random) {
    this.hello = plan;
    this.#mode = modes[plan.mode];
    this.#random = random;
    this.#reply = new PatternCheck(replySeed(plan));
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#isClosed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.on('error', (error) => {
      this.error ??= error;
    });
    this.#socket.on('data', (chunk) => this.#received(chunk));
    this.#socket.on('end', () => {
      this.#sawEnd = true;
      this.#socket.end();
    });
  }

  /** Connects and says hello. */
  begin() {
    return this.#inTime(this.#greet());
  }

  /** Sends the next `count` bytes and waits for as many to come back. */
  ping(count) {
    return this.#inTime(this.#sendAndReceive(count));
  }

  /** Ends our side, and waits for the server's. */
  finish() {
    return this.#inTime(this.#end());
  }

  /** The client's part of the whole conversation. */
  run() {
    return this.#inTime(this.#converse());
  }

  async #converse() {
    await this.#greet();
    if (this.#mode.noise) void this.#makeNoise();
    const { up } = this.hello;
    await this.#send(this.#mode.end === 'reset' ? this.#random.between(0, up) : up);
    await this.#end();
  }

  async #greet() {
    const connected = new Promise((resolve) => this.#socket.once('connect', resolve));
    await Promise.race([connected, this.#isClosed]);
    if (this.#mode.role !== 'silent') this.#socket.write(formatHello(this.hello));
  }

  /** Sends the next `count` bytes, cut anyhow, as fast as they are taken. */
  async #send(count) {
    const end = this.sent + count;
    while (this.sent < end && this.#socket.writable) {
      const length = Math.min(end - this.sent, this.#random.size(PIECE_MAX));
      const taken = this.#socket.write(patternAt(this.hello.seed, this.sent, length));
      this.sent += length;
      if (!taken) await this.#next('drain');
      else if (this.#random.between(0, 3) === 0) await new Promise(setImmediate);
    }
  }

  async #sendAndReceive(count) {
    await this.#send(count);
    while (this.#reply.length < this.sent && !this.#socket.closed) await this.#next('data');
  }

  async #end() {
    if (this.#mode.end === 'reset') this.#socket.resetAndDestroy();
    else if (this.#mode.end !== 'wait') this.#socket.end();
    await this.#isClosed;
  }

  async #makeNoise() {
    for (let piece = 0; piece < NOISE_PIECES && this.#socket.writable; piece++) {
      this.#socket.write(Buffer.alloc(this.#random.size(this.#mode.noise)));
      await sleep(NOISE_EVERY_MS);
    }
  }

  /** Resolves with the event, or when the connection is over. */
  #next(event) {
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off(event, done).off('close', done);
        resolve();
      };
      this.#socket.on(event, done).on('close', done);
    });
  }

  /** Ends the connection with an error if `work` takes too long. */
  async #inTime(work) {
    const timer = setTimeout(() => {
      this.#socket.destroy(new Error(`stuck for ${STUCK_MS} ms`));
    }, STUCK_MS);
    await work;
    clearTimeout(timer);
  }

  get received() {
    return this.#reply.length;
  }

  /** What is wrong with the outcome, or null. */
  problem() {
    if (this.#reply.wrongAt >= 0) return `byte ${this.#reply.wrongAt} of the reply is wrong`;
    if (!this.#mode.survives) return null;
    if (this.error !== null) return this.error.message;
    if (!this.#sawEnd) return 'no end of input';
    const expected = this.hello.down || this.sent;
    if (this.received !== expected) return `${this.received} bytes came back, not ${expected}`;
    return null;
  }

  #received(chunk) {
    this.#reply.add(chunk);
    if (!this.#mode.slow) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), this.#random.between(1, SLOW_PAUSE_MS));
  }
}
