export type { Clock, Timer } from '../engine/memory/clock.js';
export type { Faults } from '../engine/memory/weather.js';
export type { TraceEvent } from '../engine/memory/wiring.js';
export {
  checkProtocol,
  type ProtocolCheckOptions,
  type Script,
  type ScriptContext,
} from './check-protocol.js';
export { checkSeeds, SeedFailure, type SeedOptions, type SeedResult } from './check-seeds.js';
export * from './contract/index.js';
export {
  createMemoryNetwork,
  type MemoryHost,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  type MemoryPeerListener,
  type MemoryPeerOptions,
} from './memory-network.js';
export type { MemoryPeer } from './memory-peer.js';
export { FaultInjected } from './report.js';
