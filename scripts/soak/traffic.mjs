import { Conversation } from './conversation.mjs';
import { Ledger } from './ledger.mjs';
import { modes } from './modes.mjs';

/** What a conversation costs of the rate besides its bytes, bytes: connecting and closing are work too. */
const CONVERSATION_COST = 20_000;
/** How often the pace is looked at, ms. */
const TICK_MS = 20;
/** Pings of every pool connection, bytes. */
const PING_BYTES = 64;
const LONGEST = 0x7fffffff;

const weights = new Map(Object.entries(modes).map(([mode, { weight }]) => [mode, weight]));

/** The clients: conversations chosen by chance, at a pace, and the long-lived ones beside them. */
export class Traffic {
  ledger = new Ledger();
  #port;
  #random;
  #bytesPerTick;
  #concurrency;
  #budget = 0;
  #active = new Set();
  #ticking = null;

  constructor(port, random, { bytesPerSecond, concurrency }) {
    this.#port = port;
    this.#random = random;
    this.#bytesPerTick = (bytesPerSecond * TICK_MS) / 1000;
    this.#concurrency = concurrency;
  }

  /** Starts conversations until `stop`. */
  start() {
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Starts no more, and waits for those under way. */
  async stop() {
    clearInterval(this.#ticking);
    await Promise.all(this.#active);
  }

  #tick() {
    this.#budget = Math.min(this.#budget + this.#bytesPerTick, 50 * this.#bytesPerTick);
    while (this.#budget > 0 && this.#active.size < this.#concurrency) {
      const plan = this.#plan(this.#random.weighted(weights));
      this.#budget -= CONVERSATION_COST + plan.up + plan.down;
      const outcome = this.converse(plan).finally(() => this.#active.delete(outcome));
      this.#active.add(outcome);
    }
  }

  #plan(mode) {
    const { up, down } = modes[mode];
    const size = (max) => (max === undefined ? 0 : this.#random.size(max));
    return { mode, seed: this.#random.next() % LONGEST, up: size(up), down: size(down) };
  }

  /** One conversation as `plan` says, from beginning to end. */
  async converse(plan) {
    const conversation = new Conversation(this.#port, plan, this.#random);
    await conversation.run();
    this.#conclude(conversation);
  }

  /** `count` conversations of a mode at the same moment. */
  async flood(mode, count) {
    await Promise.all(Array.from({ length: count }, () => this.converse(this.#plan(mode))));
  }

  /** Opens `count` connections that stay. */
  async open(mode, count) {
    const opened = Array.from(
      { length: count },
      () => new Conversation(this.#port, this.#plan(mode), this.#random),
    );
    await Promise.all(opened.map((conversation) => conversation.begin()));
    return opened;
  }

  /** A ping on each of them, and its echo. */
  async ping(opened) {
    await Promise.all(opened.map((conversation) => conversation.ping(PING_BYTES)));
  }

  async close(opened) {
    await Promise.all(opened.map((conversation) => conversation.finish()));
    for (const conversation of opened) this.#conclude(conversation);
  }

  #conclude(conversation) {
    const { hello, sent, received } = conversation;
    this.ledger.add(hello.mode, sent, received);
    const problem = conversation.problem();
    if (problem === null) return;
    this.ledger.note(
      `client, ${hello.mode} of seed ${hello.seed}: ${problem}; ` +
        `${sent} of ${hello.up} bytes sent, ${received} received, ${hello.down} asked for`,
    );
  }
}
