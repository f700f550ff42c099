import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filesBelow, type Import, importsOf, read } from './tree.js';

/**
 * Which files of src make up which layer, and which layers a layer may import at run time besides
 * itself. ARCHITECTURE.md explains the picture; here it is checked. Names are paths below src
 * without `.ts`; one that ends in `/` is a folder.
 */
const layers = {
  leaves: { files: ['errors', 'address', 'stats', 'diagnostics'], uses: [] },
  contracts: { files: ['protocol', 'transport', 'options/'], uses: ['leaves'] },
  mechanics: {
    files: ['base-transport', 'flow-control', 'transport-io', 'transport-state'],
    uses: ['leaves', 'contracts'],
  },
  seam: { files: ['engine/engine', 'engine/descriptor'], uses: ['leaves', 'contracts'] },
  native: { files: ['engine/native/'], uses: ['leaves', 'contracts', 'mechanics', 'seam'] },
  node: { files: ['engine/node/'], uses: ['leaves', 'contracts', 'mechanics', 'seam'] },
  memory: { files: ['engine/memory/'], uses: ['leaves', 'contracts', 'mechanics', 'seam'] },
  select: { files: ['engine/select'], uses: ['leaves', 'seam', 'native', 'node'] },
  use: {
    files: [
      ...['server', 'server-options', 'serving', 'clock', 'listeners', 'listen-fds', 'unix-path'],
      ...['connect', 'connect-options', 'race', 'resolve'],
    ],
    uses: ['leaves', 'contracts', 'mechanics', 'seam', 'select'],
  },
  streams: { files: ['streams/'], uses: ['leaves', 'contracts', 'use'] },
  codecs: { files: ['codecs/'], uses: ['leaves', 'contracts', 'use'] },
  tls: { files: ['tls/'], uses: ['leaves', 'contracts', 'mechanics', 'use'] },
  index: { files: ['index'], uses: ['leaves', 'contracts', 'seam', 'select', 'use', 'tls'] },
  testing: { files: ['testing/'], uses: ['leaves', 'contracts', 'seam', 'memory', 'index', 'use'] },
  doctor: { files: ['doctor/'], uses: ['leaves', 'contracts', 'index', 'use'] },
  cli: { files: ['cli/'], uses: ['leaves', 'contracts', 'index', 'use', 'select', 'doctor'] },
} as const satisfies Record<string, { files: string[]; uses: string[] }>;

type Layer = keyof typeof layers;

/** Types of these may be named from any layer above the leaves: they are the words of the contracts. */
const vocabulary: Layer[] = ['leaves', 'contracts', 'seam', 'use'];

const sources = filesBelow('src').filter((file) => file.endsWith('.ts'));

function layerOf(file: string): Layer | undefined {
  const name = file.replace(/^src\//, '').replace(/\.ts$/, '');
  const owns = (pattern: string) =>
    pattern.endsWith('/') ? name.startsWith(pattern) : name === pattern;
  return (Object.keys(layers) as Layer[]).find((layer) => layers[layer].files.some(owns));
}

function isAllowed(from: Layer, imported: Import): boolean {
  const to = layerOf(imported.target!);
  if (!to) return false;
  const uses: readonly string[] = layers[from].uses;
  return from === to || uses.includes(to) || (imported.isTypeOnly && vocabulary.includes(to));
}

/** `file → what it imports` for every import of src that `isWrong` picks. */
function offences(isWrong: (file: string, imported: Import) => boolean): string[] {
  return sources.flatMap((file) =>
    importsOf(file)
      .filter((imported) => isWrong(file, imported))
      .map((imported) => `${file} → ${imported.target ?? imported.from}`),
  );
}

describe('the layers of src', () => {
  test('every source file belongs to a layer', () => {
    assert.ok(sources.length > 0);
    assert.deepEqual(
      sources.filter((file) => !layerOf(file)),
      [],
      'name the layer of a new file in test/frame/layers.test.ts and in ARCHITECTURE.md',
    );
  });

  test('imports go only to the layers that the table allows', () => {
    const wrong = offences((file, imported) => {
      const layer = layerOf(file);
      return imported.target !== null && layer !== undefined && !isAllowed(layer, imported);
    });
    assert.deepEqual(wrong, []);
  });

  test('relative imports stay inside src and name a file that exists', () => {
    const wrong = offences((_, { target }) => target !== null && !sources.includes(target));
    assert.deepEqual(wrong, []);
  });

  test('only engine/select.ts names the engines of real sockets', () => {
    const wrong = offences((file, { target, isTypeOnly }) => {
      const folder = target?.match(/^src\/engine\/(?:native|node)\//)?.[0];
      const isOutside = folder !== undefined && !file.startsWith(folder);
      return isOutside && !isTypeOnly && file !== 'src/engine/select.ts';
    });
    assert.deepEqual(wrong, []);
  });

  test('only the node engine imports node:net, except for the spelling of addresses', () => {
    const spelling = new Set(['isIP', 'isIPv4', 'isIPv6']);
    const wrong = offences((file, { from, isTypeOnly, names }) => {
      const isHarmless = names.length > 0 && names.every((name) => spelling.has(name));
      return (
        from === 'node:net' && !file.startsWith('src/engine/node/') && !isTypeOnly && !isHarmless
      );
    });
    assert.deepEqual(wrong, []);
  });

  test('only the native engine loads an addon', () => {
    const loading = /\bdlopen\(|\bcreateRequire\(|\brequire\(/;
    const loaders = sources.filter((file) => loading.test(read(file)));
    assert.deepEqual(
      loaders.filter((file) => !file.startsWith('src/engine/native/')),
      [],
    );
  });

  test('src imports nothing but itself and the modules of Node', () => {
    const wrong = offences((_, { from }) => !from.startsWith('.') && !from.startsWith('node:'));
    assert.deepEqual(wrong, []);
  });
});
