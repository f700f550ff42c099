import { asBuffer } from './bytes.js';
import { LocalProtocolError, RemoteProtocolError, type RemoteProtocolErrorCode } from './errors.js';

/** The decoding half that all codecs share: absolute offsets, and errors that come after the messages before them. */
export abstract class StreamDecoder<Out> {
  /** The codec's name in errors. */
  protected readonly codec: string;
  /** Where the chunk being decoded begins in the stream. */
  protected chunkOffset = 0;
  #failure: RemoteProtocolError | null = null;
  #ended = false;

  constructor(codec: string) {
    this.codec = codec;
  }

  /** Bytes held for a message that is not complete yet. */
  abstract get bufferedBytes(): number;

  /** Decodes `bytes`, pushes what they complete on `messages`, and keeps the rest. */
  protected abstract scan(bytes: Buffer, messages: Out[]): void;

  /** Pushes the message that the end of input completes, or fails. */
  protected abstract finish(messages: Out[]): void;

  decode(chunk: Uint8Array): Iterable<Out> {
    if (this.#ended) throw new LocalProtocolError(this.codec, 'decode() after end()');
    const bytes = asBuffer(chunk);
    const messages: Out[] = [];
    const failure = this.#attempt(() => this.scan(bytes, messages));
    this.chunkOffset += bytes.length;
    return failure === null ? messages : fail(messages, failure);
  }

  end(): Iterable<Out> {
    if (this.#ended) return [];
    this.#ended = true;
    const messages: Out[] = [];
    const failure = this.#attempt(() => this.finish(messages));
    return failure === null ? messages : fail(messages, failure);
  }

  /** The error of a byte that breaks the protocol. */
  protected fault(offset: number, fault: string): RemoteProtocolError {
    return this.#error('ERR_REMOTE_PROTOCOL', offset, fault);
  }

  /** The error of a message above the limit. */
  protected tooLong(offset: number, fault: string): RemoteProtocolError {
    return this.#error('ERR_MESSAGE_TOO_LONG', offset, fault);
  }

  /** The error of an end of input inside a message. */
  protected truncated(fault: string): RemoteProtocolError {
    return this.#error('ERR_MESSAGE_TRUNCATED', this.chunkOffset, fault);
  }

  #error(code: RemoteProtocolErrorCode, offset: number, fault: string): RemoteProtocolError {
    return new RemoteProtocolError(code, this.codec, offset, fault);
  }

  #attempt(work: () => void): RemoteProtocolError | null {
    if (this.#failure !== null) return this.#failure;
    try {
      work();
      return null;
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.#failure = error;
      return error;
    }
  }
}

function fail<Out>(messages: Out[], failure: RemoteProtocolError): Iterable<Out> {
  if (messages.length === 0) throw failure;
  return failAfter(messages, failure);
}

function* failAfter<Out>(messages: Out[], failure: RemoteProtocolError): Iterable<Out> {
  yield* messages;
  throw failure;
}
