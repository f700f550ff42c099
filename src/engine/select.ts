import { codedError } from '../errors.js';
import type { Engine } from './engine.js';
import { NativeEngine } from './native/engine.js';
import { loadNative } from './native/load.js';
import { NodeEngine } from './node/engine.js';

/** What `ServerOptions.engine` and `ConnectOptions.engine` take. */
export type EngineChoice = 'auto' | 'native' | 'node' | Engine;

/** Which engine `auto` means here, and why. */
export interface EngineReport {
  readonly name: 'native' | 'node';
  /** A sentence for people. */
  readonly reason: string;
}

let native: NativeEngine | undefined;
let node: NodeEngine | undefined;

/**
 * The engine for a choice; one instance of each per thread.
 *
 * @throws Error `ERR_ENGINE_UNAVAILABLE` for 'native' without a binary
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for an unknown name
 */
export function selectEngine(choice: EngineChoice = 'auto'): Engine {
  if (typeof choice === 'object' && choice !== null) return choice;
  switch (choice) {
    case 'auto':
      return loadNative().binding === null ? nodeEngine() : nativeEngine();
    case 'native':
      return nativeEngine();
    case 'node':
      return nodeEngine();
    default:
      throw codedError(
        new TypeError(
          `engine must be 'auto', 'native', 'node' or an engine object; got ${JSON.stringify(choice)}`,
        ),
        'ERR_INVALID_ARG_VALUE',
      );
  }
}

/** Which engine `auto` chooses on this machine, and why. */
export function explainEngine(): EngineReport {
  const result = loadNative();
  return result.binding === null
    ? { name: 'node', reason: result.reason }
    : { name: 'native', reason: `the native engine was loaded from ${result.path}` };
}

function nativeEngine(): NativeEngine {
  if (native !== undefined) return native;
  const result = loadNative();
  if (result.binding === null) {
    throw codedError(
      new Error(`${result.reason}; or choose engine 'node'`),
      'ERR_ENGINE_UNAVAILABLE',
    );
  }
  native = new NativeEngine(result.binding);
  return native;
}

function nodeEngine(): NodeEngine {
  node ??= new NodeEngine(loadNative().binding);
  return node;
}
