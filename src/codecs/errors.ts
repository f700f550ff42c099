/**
 * What kind of fault the peer made: bytes that break the rules of the protocol, a message
 * above the limit, or an end of input inside a message.
 */
export type RemoteProtocolErrorCode =
  | 'ERR_REMOTE_PROTOCOL'
  | 'ERR_MESSAGE_TOO_LONG'
  | 'ERR_MESSAGE_TRUNCATED';

/**
 * The peer sent bytes that are not what the codec decodes. The codec that threw it
 * decodes nothing more: after one wrong byte nobody knows where the next message begins.
 */
export class RemoteProtocolError extends Error {
  override readonly name = 'RemoteProtocolError';
  readonly code: RemoteProtocolErrorCode;
  /** The codec's name, as in `resp` or `netstrings`. */
  readonly codec: string;
  /** The byte at fault, counted from 0 at the first byte of the stream. */
  readonly offset: number;

  /** @param fault what is wrong, what would be right */
  constructor(code: RemoteProtocolErrorCode, codec: string, offset: number, fault: string) {
    super(`${codec}: ${fault}, at byte ${offset}`);
    this.code = code;
    this.codec = codec;
    this.offset = offset;
  }
}

/** We asked a codec for something it cannot do, mostly to encode a message its format has no bytes for. */
export class LocalProtocolError extends Error {
  override readonly name = 'LocalProtocolError';
  readonly code = 'ERR_LOCAL_PROTOCOL';
  /** The codec's name, as in `resp` or `netstrings`. */
  readonly codec: string;

  /** @param fault what is wrong, what would be right */
  constructor(codec: string, fault: string, options?: ErrorOptions) {
    super(`${codec}: ${fault}`, options);
    this.codec = codec;
  }
}
