import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { optionLevels, socketOptions } from '#hawser/options/catalogue';
import { TCP_INFO_LAYOUT } from '#hawser/options/tcp-info';

const HEADERS = ['asm/socket.h', 'linux/in.h', 'linux/in6.h', 'linux/tcp.h'];
const TCP_HEADER = '/usr/include/linux/tcp.h';

const compiler = ['cc', 'gcc', 'clang'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);
const skip =
  process.platform !== 'linux'
    ? 'Linux only'
    : compiler === undefined
      ? 'no C compiler (cc, gcc, clang) on PATH'
      : false;

/** Compiles and runs `body`; its lines of `NAME NUMBER` as a map. */
function numbersFromC(t: TestContext, body: string): Map<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-headers-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const source = join(folder, 'numbers.c');
  const includes = ['stddef.h', 'stdio.h', ...HEADERS].map((name) => `#include <${name}>\n`);
  writeFileSync(source, `${includes.join('')}int main(void) {\n${body}return 0;\n}\n`);
  const built = spawnSync(compiler!, [source, '-o', join(folder, 'numbers')], { encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  const { stdout } = spawnSync(join(folder, 'numbers'), { encoding: 'utf8' });
  const rows = stdout.trim().split('\n');
  return new Map(rows.map((row) => [row.split(' ')[0]!, Number(row.split(' ')[1])]));
}

/** What the names are in the header, where they are not the kernel's with another unit. */
const irregular: Readonly<Record<string, string>> = {
  notsentBytes: 'notsent_bytes',
  deliveredCeBytes: 'delivered_ce_bytes',
  receivedCeBytes: 'received_ce_bytes',
  rehashes: 'rehash',
  totalRtos: 'total_rto',
};

function headerName(field: string, members: ReadonlySet<string>): string {
  const snake = (text: string) => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const stem = field.replace(/(Us|Ms|Segments|BytesPerSecond|Bytes)$/, '');
  const regular = members.has(snake(field)) ? snake(field) : snake(stem);
  return irregular[field] ?? regular;
}

describe('the C headers of this machine', { skip }, () => {
  test('give every level and every option the number of the catalogue', (t) => {
    const wanted = new Map<string, number>([
      ...Object.entries(optionLevels),
      ...socketOptions.map((option) => [option.name, option.number] as const),
    ]);
    const lines = [...wanted.keys()].map(
      (name) => `#ifdef ${name}\nprintf("${name} %d\\n", (int)${name});\n#endif\n`,
    );
    const found = numbersFromC(t, lines.join(''));
    const missing = [...wanted.keys()].filter((name) => !found.has(name));
    t.diagnostic(`not in these headers: ${missing.join(', ') || 'none'}`);
    assert.ok(found.size > 100, `${found.size} of ${wanted.size}`);
    const expected = [...wanted].filter(([name]) => found.has(name)).sort();
    assert.deepEqual([...found].sort(), expected);
  });

  test('put every field of struct tcp_info where the parser reads it', (t) => {
    const struct = /struct tcp_info \{([^}]*)\}/.exec(readFileSync(TCP_HEADER, 'utf8'))?.[1] ?? '';
    const members = new Set([...struct.matchAll(/\btcpi_(\w+);/g)].map((match) => match[1]!));
    const fields = Object.entries(TCP_INFO_LAYOUT).map(
      ([field, [offset]]) => [headerName(field, members), offset] as const,
    );
    const known = fields.filter(([name]) => members.has(name));
    const newer = fields.filter(([name]) => !members.has(name)).map(([name]) => name);
    t.diagnostic(`newer than these headers: ${newer.join(', ') || 'none'}`);
    assert.ok(known.length >= 45, `${known.length} of ${fields.length}`);
    const lines = known.map(
      ([name]) => `printf("${name} %d\\n", (int)offsetof(struct tcp_info, tcpi_${name}));\n`,
    );
    assert.deepEqual([...numbersFromC(t, lines.join(''))], known);
  });
});
