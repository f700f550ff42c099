import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { asError } from '../../errors.js';
import type { NativeBinding } from './binding.js';

/** The addon, or why it is not there. */
export type LoadResult =
  | { readonly binding: NativeBinding; readonly path: string }
  | { readonly binding: null; readonly reason: string };

let loaded: LoadResult | undefined;

/**
 * Loads the addon once. Never throws: without a binary the `node` engine serves.
 *
 * Bun and Deno resolve Node-API but abort the process on the first libuv call of
 * an addon, so on both it is not even opened. `HAWSER_NATIVE` names another binary
 * (a sanitizer build), or `off` to do without.
 */
export function loadNative(): LoadResult {
  loaded ??= load();
  return loaded;
}

function load(): LoadResult {
  const chosen = process.env.HAWSER_NATIVE;
  if (chosen === 'off') return missing('it is switched off by HAWSER_NATIVE=off');
  if (process.versions.bun) return missing('Bun cannot run addons that use libuv');
  if ('Deno' in globalThis) return missing('Deno cannot run addons that use libuv');
  if (process.platform !== 'linux') {
    return missing(`it needs Linux (epoll), and this is ${process.platform}`);
  }
  const path = chosen || candidates().find((candidate) => existsSync(candidate));
  if (!path) {
    return missing(
      `no binary for ${process.platform}-${process.arch} is built; ` +
        '`npm run build:native` makes one (it needs a C compiler)',
    );
  }
  try {
    return { binding: withFastProperties(createRequire(import.meta.url)(path)), path };
  } catch (thrown) {
    return missing(`loading ${path} failed: ${asError(thrown).message}`);
  }
}

/**
 * Objects that an addon builds name by name are hash tables to V8, and each look into one a
 * call of a builtin, several per message here; a copy is an ordinary object.
 */
function withFastProperties(addon: NativeBinding): NativeBinding {
  return { ...addon, constants: { ...addon.constants } };
}

/** The binary built on this machine comes before the one that was shipped. */
function candidates(): string[] {
  const root = new URL('../../../', import.meta.url);
  return [
    'build/native/hawser.node',
    `prebuilds/${process.platform}-${process.arch}/hawser.node`,
    `prebuilds/${process.platform}-${process.arch}-musl/hawser.node`,
  ].map((path) => fileURLToPath(new URL(path, root)));
}

function missing(why: string): LoadResult {
  return { binding: null, reason: `the native engine is not available: ${why}` };
}
