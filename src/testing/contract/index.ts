export { contract } from './contract.js';
export { Peer, type PeerListener, type RawPeerOptions } from './peer.js';
export type { ContractPromise, PromiseGroup } from './promise.js';
export { checkPromise, contractTests, type Outcome, runContract } from './run.js';
export type { ContractSetup } from './setup.js';
