import type { ContractSetup } from 'hawser/testing';
import { loadNative } from '#hawser/engine/native/load';
import { selectEngine } from '#hawser/engine/select';
import { memoryExceptions } from './memory-exceptions.js';
import { memorySetup } from './memory-setup.js';
import { nodeExceptions, withoutAddon } from './node-exceptions.js';
import { socketSetup } from './socket-setup.js';

/** Of a size like a kernel's: the suite counts on that and fills them with megabytes. */
const MEMORY_BUFFER_BYTES = 1024 * 1024;

/** How to make the setup of each engine. */
export const setups = {
  native: () => socketSetup('native', selectEngine('native'), {}),
  node: () => {
    const missing = loadNative().binding === null ? withoutAddon : {};
    return socketSetup('node', selectEngine('node'), { ...nodeExceptions(), ...missing });
  },
  memory: async () => {
    const network = {
      chunks: 'whole',
      maxDelayMs: 0,
      sendBufferBytes: MEMORY_BUFFER_BYTES,
      receiveBufferBytes: MEMORY_BUFFER_BYTES,
    } as const;
    return memorySetup(network, memoryExceptions);
  },
} as const satisfies Record<string, () => Promise<ContractSetup>>;
