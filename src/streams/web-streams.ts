import { ReadableStream, WritableStream } from 'node:stream/web';
import type { Connection } from './connection.js';
import { connectionClosed } from './errors.js';

/**
 * The input, chunk by chunk as it is asked for. Not a byte stream: those detach the memory
 * of the chunks they are given, and received chunks share theirs.
 */
export function readableOf(connection: Connection): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await connection.read();
        if (chunk === null) controller.close();
        else controller.enqueue(chunk);
      },
      cancel() {
        void connection.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The output; its back-pressure is the connection's. A lost connection puts it in error at once. */
export function writableOf(connection: Connection): WritableStream<Uint8Array | string> {
  return new WritableStream<Uint8Array | string>({
    start(controller) {
      void connection.closed.then((error) => controller.error(error ?? connectionClosed()));
    },
    write: (chunk) => connection.write(chunk),
    close: () => connection.end(),
    abort: () => connection.abort(),
  });
}
