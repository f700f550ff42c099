import { type Codec, RemoteProtocolError } from 'hawser/codecs';

/** All that a codec made of a stream. */
export interface Outcome<Out> {
  readonly messages: Out[];
  /** Code, offset and text of the error that ended it. */
  readonly error: string | null;
}

/** Decodes chunks, and the end of input after them. Anything but a RemoteProtocolError is thrown. */
export function decodeAll<Out>(
  codec: Codec<never, Out>,
  chunks: Iterable<Uint8Array>,
): Outcome<Out> {
  const messages: Out[] = [];
  try {
    for (const chunk of chunks) for (const message of codec.decode(chunk)) messages.push(message);
    for (const message of codec.end()) messages.push(message);
    return { messages, error: null };
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    return { messages, error: `${error.code} ${error.offset} ${error.message}` };
  }
}

/** The bytes of messages, each chunk copied: what a receiver gets. */
export function encodeAll<In>(codec: Codec<In, unknown>, messages: Iterable<In>): Buffer {
  const chunks: Uint8Array[] = [];
  for (const message of messages) chunks.push(...codec.encode(message));
  return Buffer.concat(chunks);
}

/** Single bytes, each in memory of its own. */
export function* byteByByte(bytes: Uint8Array): Iterable<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}

/** Pieces cut at the given places. */
export function cut(bytes: Buffer, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b)];
  return edges.map((from, index) => bytes.subarray(from, edges[index + 1] ?? bytes.length));
}
