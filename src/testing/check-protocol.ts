import type { Clock } from '../engine/memory/clock.js';
import type { BufferedProtocol, Protocol } from '../protocol.js';
import { createServer, type Server, type ServerOptions } from '../server.js';
import { checkSeeds, type SeedOptions, type SeedResult } from './check-seeds.js';
import type { MemoryNetwork } from './memory-network.js';
import type { MemoryPeer } from './memory-peer.js';
import { FaultInjected } from './report.js';

/** What a connection may meet by default, and how likely it is. */
const usualFaults = { stall: 0.05, slowReader: 0.1, reset: 0.15, halfOpen: 0.05 };

export interface ProtocolCheckOptions extends SeedOptions {
  /** How the server is made, apart from where it listens: `maxConnections`, `writeBufferLimits`, … */
  server?: Omit<ServerOptions, 'engine' | 'host' | 'port' | 'path' | 'fd' | 'signal'>;
}

/** What a script can use besides its peer. */
export interface ScriptContext {
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  readonly server: Server;
  /** One more connection to the same server. */
  connect(): Promise<MemoryPeer>;
}

/** Speaks for the peer of a protocol under test. */
export type Script = (peer: MemoryPeer, context: ScriptContext) => Promise<void>;

/**
 * Runs a protocol against a script, in a memory network, once for each seed: with its
 * input cut and delayed in every way, with a peer that stalls, reads slowly, resets
 * or vanishes.
 *
 * A run fails when an expectation of the script is not met, when a callback of the
 * protocol throws or rejects, or when a connection is still open after its peer has
 * gone. A fault that ends the connection ends the script too, without failing it;
 * what the protocol does then is still checked.
 *
 * @param factory gets the clock of the run, for protocols with time-outs
 * @param script speaks for the peer; the connection is closed at its end
 * @throws SeedFailure for the first seed that fails
 */
export function checkProtocol(
  factory: (clock: Clock) => Protocol | BufferedProtocol,
  script: Script,
  options: ProtocolCheckOptions = {},
): Promise<SeedResult> {
  const { server: serverOptions, ...seedOptions } = options;
  const scenario = (network: MemoryNetwork) => run(network, factory, script, serverOptions ?? {});
  return checkSeeds(scenario, { faults: usualFaults, ...seedOptions });
}

async function run(
  network: MemoryNetwork,
  factory: (clock: Clock) => Protocol | BufferedProtocol,
  script: Script,
  serverOptions: ServerOptions,
): Promise<void> {
  const { clock } = network;
  const errors: Error[] = [];
  const server = await createServer(() => factory(clock), {
    ...serverOptions,
    engine: network.engine,
    host: '127.0.0.1',
    onError: (error, transport) => {
      errors.push(error);
      serverOptions.onError?.(error, transport);
    },
  });
  try {
    const fault = await talk(network, server, script);
    server.abortTransports();
    await server.close();
    if (fault !== null) throw fault;
  } catch (thrown) {
    // What the protocol threw is the reason for whatever the script missed.
    throw errors[0] ?? thrown;
  }
  if (errors[0] !== undefined) throw errors[0];
}

/**
 * Plays the script, lets its peers leave, and waits until the server has noticed.
 * Resolves to the fault that cut the script short, if one did.
 */
async function talk(
  network: MemoryNetwork,
  server: Server,
  script: Script,
): Promise<FaultInjected | null> {
  const peers: MemoryPeer[] = [];
  const connect = async () => {
    const peer = await network.connectPeer(server.addresses[0]!);
    peers.push(peer);
    return peer;
  };
  let fault: FaultInjected | null = null;
  try {
    await script(await connect(), { network, clock: network.clock, server, connect });
  } catch (thrown) {
    if (!(thrown instanceof FaultInjected)) throw thrown;
    fault = thrown;
  }
  for (const peer of peers) peer.leave();
  // Who lost its peer without being told cannot be blamed for waiting.
  const isCut = () => peers.some((peer) => peer.fault === 'half-open');
  await network.until(
    () => server.transports.size === 0 || isCut(),
    () => leftBehind(server),
  );
  return fault;
}

function leftBehind(server: Server): Error {
  const count = server.transports.size;
  return new Error(
    `${count === 1 ? 'a connection is' : `${count} connections are`} still open although the peer ` +
      'has sent FIN and reads everything: the protocol must close when eofReceived() returned true',
  );
}
