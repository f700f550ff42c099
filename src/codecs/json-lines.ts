import { decodeUtf8 } from './bytes.js';
import { describe } from './checks.js';
import type { Codec, LimitOptions } from './codec.js';
import { LocalProtocolError } from './errors.js';
import { LineDecoder } from './lines.js';

const NAME = 'jsonLines';

class JsonLineCodec<Message> extends LineDecoder<Message> implements Codec<Message> {
  encode(message: Message): Uint8Array[] {
    let text: string | undefined;
    try {
      text = JSON.stringify(message);
    } catch (error) {
      throw new LocalProtocolError(NAME, `the message cannot be written as JSON: ${error}`, {
        cause: error,
      });
    }
    if (text === undefined) {
      throw new LocalProtocolError(NAME, `JSON has no text for ${describe(message)}`);
    }
    return this.terminate(Buffer.from(text));
  }

  protected read(bytes: Buffer, from: number, to: number, offset: number): Message {
    const text = decodeUtf8(bytes, from, to);
    if (typeof text === 'number') throw this.fault(offset + text - from, 'the line is not UTF-8');
    try {
      return JSON.parse(text) as Message;
    } catch (error) {
      const { message } = error as SyntaxError;
      throw this.fault(offset + faultyByte(text, message), `the line is not JSON (${message})`);
    }
  }
}

/** Where JSON.parse stopped, in bytes, when its message tells; else 0. */
function faultyByte(text: string, message: string): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined ? 0 : Buffer.byteLength(text.slice(0, Number(position)));
}

/**
 * One JSON value a line (jsonlines.org, NDJSON), in UTF-8. Encodes with LF, accepts LF and CRLF, and
 * a last line without either. An empty line is an error, and the byte an error names is the
 * one where JSON.parse stopped, or the line's first where it does not tell. What is decoded is
 * whatever the peer sent: `Message` is your claim, so check it.
 */
export function jsonLines<Message = unknown>(options: LimitOptions): Codec<Message> {
  return new JsonLineCodec<Message>(NAME, { limit: options.limit });
}
