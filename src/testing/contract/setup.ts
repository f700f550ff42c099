import type { Address } from '../../address.js';
import type { Engine } from '../../engine/engine.js';
import type { Peer, PeerListener, RawPeerOptions } from './peer.js';

/** What the contract suite needs to know of an engine and of the network around it. */
export interface ContractSetup {
  /** The engine's name in titles and in the support matrix. */
  readonly name: string;
  readonly engine: Engine;
  /** A raw connection to a server. Rejects with an error of Node's shape (`ECONNREFUSED`). */
  connectPeer(address: Address, options: RawPeerOptions): Promise<Peer>;
  /** A raw listener for the client side to connect to. */
  listenPeer(options: RawPeerOptions): Promise<PeerListener>;
  /**
   * Resolves when what peers did before has reached the engine, and the engine has
   * had the chance to act on it: what a test waits for before it says that
   * something did not happen.
   */
  settle(): Promise<void>;
  /** Open ends of connections and listeners, of both sides, for finding leaks. */
  openSockets(): number;
  /** A listening socket made outside the engine, for `fd`. The engine becomes its owner. */
  listeningDescriptor(): { fd: number; address: Address };
  /** A connected socket made outside the engine, and its other end. The caller becomes its owner. */
  connectedDescriptor(options: RawPeerOptions): Promise<{ fd: number; peer: Peer }>;
  /** An address where connecting neither succeeds nor fails: the accept queue is full. */
  hangingAddress(): Promise<{ address: Address; close(): Promise<void> }>;
  /** Sends one byte of urgent data from a new connection, between `before` and `after`, then FIN. */
  sendUrgent(address: Address, before: string, urgent: string, after: string): Promise<void>;
  /** Promises that this engine cannot keep, by id, each with the reason why. */
  readonly exceptions: Readonly<Record<string, string>>;
}
