import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { without } from '../examples/program.js';
import { root } from '../frame/tree.js';
import { type Block, stepsOf } from './document.js';
import { Shell } from './shell.js';

/** A port that was free just now, for the 8888 of the documents. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A folder beside the clone, as the guide has it. */
function workplace(t: TestContext): string {
  const above = mkdtempSync(join(tmpdir(), 'hawser-'));
  t.after(() => rmSync(above, { recursive: true }));
  symlinkSync(root, join(above, 'hawser'));
  mkdirSync(join(above, 'first'));
  return join(above, 'first');
}

/** The programs that a console block calls and a machine may lack. */
function missingFor(block: Block): string | false {
  const programs = ['nc', 'systemd-socket-activate'];
  return without(...programs.filter((name) => new RegExp(`\\b${name} `).test(block.text)));
}

/** Does what a document says, from top to bottom: writes the files that it names, and types its commands. */
export async function follow(t: TestContext, blocks: Block[]): Promise<void> {
  const port = String(await freePort());
  const place = workplace(t);
  const shell = new Shell(place);
  t.after(() => shell.end());
  const ours = (text: string) => text.replaceAll('8888', port);
  for (const block of blocks) {
    if (block.language === 'console') {
      const missing = missingFor(block);
      if (missing) t.diagnostic(`${block.where} was left out: ${missing}`);
      for (const { command, expected } of missing ? [] : stepsOf(block)) {
        await shell.run({ command: ours(command), expected: ours(expected) });
      }
    } else {
      writeFileSync(join(place, block.name), ours(block.text));
    }
  }
}
