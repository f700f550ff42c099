// What every JavaScript server here shares: the mode it was asked for, and the
// few lines of text between it and the harness (see ../README.md).
import process from 'node:process';

/** `echo`, `sink`, `source` or `lines`. */
export const mode = process.argv[2] ?? 'echo';

export const BACKLOG = 511;

/** What a source sends, over and over: the generator computes the same bytes. */
export const chunk = new Uint8Array(65536).map((_, i) => i * 31 + (i >> 8));

/** Says where the server listens and answers SIGUSR2 with the heap after a collection. */
export function announce(port) {
  console.log(`ready ${port}`);
  process.on('SIGUSR2', () => {
    collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    console.log(`gc ${JSON.stringify({ heapUsed, external, arrayBuffers })}`);
  });
}

function collect() {
  if (globalThis.Bun !== undefined) globalThis.Bun.gc(true);
  else globalThis.gc();
}
