import type { Protocol } from '../protocol.js';
import type { Transport } from '../transport.js';
import type { Codec } from './codec.js';
import { LocalProtocolError, RemoteProtocolError } from './errors.js';
import { gateReading } from './reading-gate.js';

/**
 * A protocol of messages. Extend it (or {@link framed}, which is the same with
 * the codec given beforehand) with `messageReceived`, and call `send`.
 *
 * - Callbacks of `Protocol` may be overridden; call `super` in `connectionMade`, `dataReceived`
 *   and `eofReceived`.
 * - Back-pressure: `transport.pauseReading()` inside `messageReceived` holds back the messages
 *   that are already decoded too. They come after `transport.resumeReading()`, in a
 *   microtask of their own, before anything new is read; at most one chunk's messages wait.
 * - After `close`, `abort` or `reset` no message comes any more.
 * - A `messageReceived` that throws, or rejects, aborts the connection like any callback.
 * - A protocol that replaces itself (`transport.protocol = …`) must do so at a point where the peer waits:
 *   messages already decoded cannot be given to the next one, and if there are any the connection is aborted.
 */
export abstract class FramedProtocol<In, Out = In> implements Protocol {
  protected readonly codec: Codec<In, Out>;
  #transport: Transport | null = null;

  /** @param codec of this connection alone */
  constructor(codec: Codec<In, Out>) {
    this.codec = codec;
  }

  /** The connection; there from `connectionMade` on. */
  protected get transport(): Transport {
    if (this.#transport === null) {
      throw new LocalProtocolError('framed', 'there is no transport before connectionMade()');
    }
    return this.#transport;
  }

  /** One message arrived. */
  abstract messageReceived(message: Out): void;

  /**
   * The peer broke the protocol. Throws the error, which aborts the connection and reports
   * it; override it to tell the peer first (`send` and return: what was written is
   * flushed and the connection closed in order, and the report is yours).
   */
  protocolError(error: RemoteProtocolError): void {
    throw error;
  }

  /**
   * Writes one message. Bytes in it of 4 KiB and more are not copied: do not change them until they are sent.
   *
   * @throws LocalProtocolError when the codec cannot express the message
   */
  send(message: In): void {
    const chunks = this.codec.encode(message);
    if (chunks.length === 1) this.transport.write(chunks[0]!);
    else this.transport.writev(chunks);
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  /** Decodes and delivers. A promise is for the engine: it rejects with what goes wrong later. */
  dataReceived(data: Buffer): Promise<unknown> | undefined {
    const messages = this.#decoded(() => this.codec.decode(data));
    return this.#deliver(messages, this.transport.protocol);
  }

  /** Delivers what the end of input completes, even if reading is paused; then the transport closes unless an override returns true. */
  eofReceived(): boolean | undefined {
    const outcomes = new Outcomes();
    const messages = this.#decoded(() => this.codec.end());
    for (let step = this.#next(messages); !step.done; step = this.#next(messages)) {
      outcomes.add(this.messageReceived(step.value));
      if (this.transport.isClosing) break;
    }
    // A promise is not `true`: the transport closes and the engine watches it for a rejection.
    return outcomes.settled() as undefined;
  }

  /**
   * Delivers messages until there are no more or the connection no longer wants them.
   *
   * @param owner the transport's protocol when these messages were decoded: this, or one that wraps it
   * @param step the first of them when it was taken already
   */
  #deliver(
    messages: Iterator<Out>,
    owner: unknown,
    step: IteratorResult<Out> = this.#next(messages),
  ): Promise<unknown> | undefined {
    const transport = this.transport;
    const outcomes = new Outcomes();
    try {
      while (!step.done) {
        if (transport.protocol !== owner) throw undelivered();
        if (!transport.isReading) {
          outcomes.add(this.#hold(messages, owner, step));
          break;
        }
        outcomes.add(this.messageReceived(step.value));
        // Not even decoded after a close: an error in what follows would cost the last reply.
        if (transport.isClosing) break;
        step = this.#next(messages);
      }
    } catch (error) {
      outcomes.fail(error);
    }
    return outcomes.settled();
  }

  /** Waits until reading is resumed, then goes on with `step`. */
  #hold(messages: Iterator<Out>, owner: unknown, step: IteratorResult<Out>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      gateReading(this.transport, () => {
        try {
          resolve(this.#deliver(messages, owner, step));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #decoded(decode: () => Iterable<Out>): Iterator<Out> {
    try {
      return decode()[Symbol.iterator]();
    } catch (error) {
      this.#refuse(error);
      return [][Symbol.iterator]();
    }
  }

  #next(messages: Iterator<Out>): IteratorResult<Out> {
    try {
      return messages.next();
    } catch (error) {
      this.#refuse(error);
      return { done: true, value: undefined };
    }
  }

  #refuse(error: unknown): void {
    if (!(error instanceof RemoteProtocolError)) throw error;
    this.protocolError(error);
    this.transport.close();
  }
}

/** What the calls of one turn came to: nothing, promises to watch together, an error to throw. */
class Outcomes {
  #promises: Promise<unknown>[] | null = null;

  add(outcome: unknown): void {
    if (outcome instanceof Promise) {
      this.#promises ??= [];
      this.#promises.push(outcome);
    }
  }

  /** Throws the error; where promises wait, it joins them, so that each is watched and the first failure counts. */
  fail(error: unknown): void {
    if (this.#promises === null) throw error;
    this.#promises.unshift(Promise.reject(error));
  }

  settled(): Promise<unknown> | undefined {
    return this.#promises === null ? undefined : Promise.all(this.#promises);
  }
}

function undelivered(): LocalProtocolError {
  return new LocalProtocolError(
    'framed',
    'the protocol was replaced while messages that it had decoded waited; replace it where the peer waits for an answer',
  );
}

/**
 * A base class for protocols of messages: `class Chat extends framed(() => lines({ limit: 1024 }))`.
 *
 * @param makeCodec makes the codec of one connection
 * @throws TypeError when it is a codec rather than a function that makes one
 */
export function framed<In, Out>(
  makeCodec: () => Codec<In, Out>,
): abstract new () => FramedProtocol<In, Out> {
  if (typeof makeCodec !== 'function') {
    throw new TypeError(
      'framed() needs a function that makes a codec, since a codec holds the state of one connection: ' +
        'framed(() => lines({ limit: 1024 }))',
    );
  }
  abstract class Framed extends FramedProtocol<In, Out> {
    constructor() {
      super(makeCodec());
    }
  }
  return Framed;
}
