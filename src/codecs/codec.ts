/**
 * Bytes to messages and back, for one connection. A codec does no
 * I/O and knows no transport; it holds the undecoded rest of the stream, so that every
 * connection needs its own.
 *
 * Promises of the codecs of this library, and what `framed` and `connection.frames`
 * expect of yours:
 *
 * - How the stream is cut into chunks changes nothing: the messages, and the error with
 *   its offset, are the same for one chunk and for single bytes.
 * - Decoding costs time in proportion to the bytes, also byte by byte.
 * - What a codec holds between calls is bounded by its limit, a number that every
 *   codec asks for. The limit is exact: a message of that size passes, one byte more does not.
 * - Whatever arrives ends in messages or in a `RemoteProtocolError`, nothing else.
 * - Bytes in a message are the receiver's to keep. Those of 4 KiB and more may be views of
 *   the chunk that brought them, and keeping one keeps that chunk's memory (a receive slab:
 *   256 KiB); shorter ones keep at most 8 KiB alive.
 *
 * @typeParam In what `encode` takes
 * @typeParam Out what `decode` gives
 */
export interface Codec<In, Out = In> {
  /**
   * Takes the next bytes of the stream and gives the messages they complete, in order.
   * The chunk is the codec's from now on: do not change it.
   *
   * @throws RemoteProtocolError when the bytes break the protocol. If messages precede the
   *   fault in this chunk they come first, and the iteration throws after the last of them.
   *   Every later call throws the same error.
   */
  decode(chunk: Uint8Array): Iterable<Out>;
  /**
   * The bytes of one message, in one or several pieces to be sent in order. Bytes of
   * the message may be among them as they are, without a copy: do not change them until they are sent.
   *
   * @throws LocalProtocolError when the format cannot express the message
   * @throws TypeError when the message should be bytes and is not
   */
  encode(message: In): Uint8Array[];
  /**
   * The peer has finished sending. Gives the final message where the end of input
   * completes one. Nothing can be decoded after it.
   *
   * @throws RemoteProtocolError `ERR_MESSAGE_TRUNCATED` when the input ends inside a message
   */
  end(): Iterable<Out>;
}

/** What every codec asks for. */
export interface LimitOptions {
  /** The largest message accepted, in bytes; each codec says which bytes it counts. Bounds memory. */
  limit: number;
}
