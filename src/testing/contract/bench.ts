import assert from 'node:assert/strict';
import type { Address } from '../../address.js';
import type { ProtocolFactory } from '../../protocol.js';
import { createServer, type Server, type ServerOptions } from '../../server.js';
import type { Transport } from '../../transport.js';
import { Guard } from './guard.js';
import type { Peer } from './peer.js';
import { Probe, type ProbeHandlers } from './probe.js';
import type { ContractSetup } from './setup.js';
import { Happenings, untilTurn, within } from './waiting.js';

/** A connection under test: the library's end and the raw one. */
export interface Connection {
  readonly served: Served;
  readonly probe: Probe;
  readonly transport: Transport;
  readonly peer: Peer;
}

/** Options of a connection under test. */
export interface OpenOptions extends ServerOptions {
  /** The peer does not read until `peer.resume()`. */
  readonly peerPaused?: boolean;
}

/**
 * What one promise is checked with: it makes servers and peers, and takes them down
 * again, complaining about whatever is left or does not add up.
 */
export class Bench {
  readonly setup: ContractSetup;
  readonly guard = new Guard();
  /** How long a wait may take, ms. */
  readonly limitMs: number;
  private readonly servers: Served[] = [];
  private readonly peers: Peer[] = [];
  private readonly atEnd: (() => unknown)[] = [];
  private readonly openBefore: number;

  constructor(setup: ContractSetup, limitMs: number) {
    this.setup = setup;
    this.limitMs = limitMs;
    this.openBefore = setup.openSockets();
  }

  /** A server on the loopback address whose protocols are probes. */
  async serve(handlers: ProbeHandlers = {}, options: ServerOptions = {}): Promise<Served> {
    return this.serveWith(() => this.probe(handlers), options);
  }

  /** The same with another factory. It may throw, and return what is not a probe. */
  async serveWith(makeProbe: () => Probe, options: ServerOptions = {}): Promise<Served> {
    const served: Served = new Served(this, () => {
      const probe = makeProbe();
      served.add(probe);
      return probe.protocol;
    });
    return this.start(served, options);
  }

  private async start(served: Served, options: ServerOptions): Promise<Served> {
    const where = options.path ?? options.fd ?? options.host;
    const server = await createServer(served.factory, {
      ...(where === undefined ? { host: '127.0.0.1' } : {}),
      engine: this.setup.engine,
      onError: (error, transport) => served.failed(error, transport),
      ...options,
    });
    served.rawServer = server;
    served.server = this.guard.watch(server);
    this.servers.push(served);
    return served;
  }

  /** A server whose protocols are not probes. */
  async serveRaw(factory: ProtocolFactory, options: ServerOptions = {}): Promise<Served> {
    return this.start(new Served(this, factory), options);
  }

  /** A server with one connection; resolves after connectionMade. */
  async open(handlers: ProbeHandlers = {}, options: OpenOptions = {}): Promise<Connection> {
    const { peerPaused = false, ...serverOptions } = options;
    const served = await this.serve(handlers, serverOptions);
    return served.connect(peerPaused);
  }

  probe(handlers: ProbeHandlers = {}): Probe {
    return new Probe(handlers, this.guard, this.limitMs);
  }

  async connectPeer(address: Address, paused = false): Promise<Peer> {
    const { limitMs, setup } = this;
    return this.keep(await setup.connectPeer(address, { paused, limitMs }));
  }

  /** A peer made elsewhere, to be destroyed in the end. */
  keep(peer: Peer): Peer {
    this.peers.push(peer);
    return peer;
  }

  /** Runs `action` when the promise has been checked, even in vain. */
  finally(action: () => unknown): void {
    this.atEnd.push(action);
  }

  /** Resolves when what peers did has reached the engine. */
  settle(): Promise<void> {
    return this.setup.settle();
  }

  /** Resolves when `condition` holds, looked at once a turn. */
  untilTrue(what: string, condition: () => boolean): Promise<void> {
    return untilTurn(this.limitMs, () => what, condition);
  }

  within<T>(what: string, promise: PromiseLike<T>): Promise<T> {
    return within(this.limitMs, what, promise);
  }

  /** Takes everything down. Throws for broken rules about callbacks, wrong sums, leaks. */
  async finish(): Promise<void> {
    for (const action of this.atEnd.reverse()) await action();
    for (const { server } of this.servers) server.abortTransports();
    await Promise.all(this.peers.map((peer) => peer.destroy()));
    for (const served of this.servers) {
      await this.within('a server to close', served.server.close());
    }
    assert.deepEqual(this.guard.violations, []);
    for (const served of this.servers) served.check();
    await this.untilOpenSockets(this.openBefore);
  }

  /** Takes everything down after a failure, whatever comes of it. */
  async abandon(): Promise<void> {
    for (const action of this.atEnd) await Promise.resolve(action()).catch(() => {});
    for (const { server } of this.servers) server.abortTransports();
    await Promise.allSettled(this.peers.map((peer) => peer.destroy()));
    await Promise.allSettled(this.servers.map(({ server }) => server.close()));
  }

  /** Resolves when no more than `most` sockets are open. */
  async untilOpenSockets(most: number): Promise<void> {
    const left = () => this.setup.openSockets();
    const what = () => `${left()} sockets are open, where there should be at most ${most}`;
    await untilTurn(this.limitMs, what, () => left() <= most);
  }
}

/** A server under test, and the probes that its factory made. */
export class Served {
  /** Watched for re-entrancy. */
  server!: Server;
  /** The server itself, for comparing identities. */
  rawServer!: Server;
  readonly probes: Probe[] = [];
  private readonly bench: Bench;
  readonly factory: ProtocolFactory;
  private readonly happenings: Happenings;
  private errors: { error: Error; transport: Transport | null }[] = [];

  constructor(bench: Bench, factory: ProtocolFactory) {
    this.bench = bench;
    this.factory = factory;
    this.happenings = new Happenings(
      () => `${this.probes.length} protocols and ${this.errors.length} errors are there`,
      bench.limitMs,
    );
  }

  /** The first address. */
  get address(): Address {
    const [address] = this.server.addresses;
    assert.ok(address, 'the server has an address');
    return address;
  }

  add(probe: Probe): void {
    this.probes.push(probe);
    this.happenings.notify();
  }

  /** Resolves when so many connections are over. */
  async untilClosed(count: number): Promise<void> {
    const closed = () => this.server.stats().closed;
    const what = () => `${closed()} of ${count} connections are over`;
    await untilTurn(this.bench.limitMs, what, () => closed() >= count);
  }

  failed(error: Error, transport: Transport | null): void {
    this.errors.push({ error, transport });
    this.happenings.notify();
  }

  /** A new connection; resolves after its connectionMade. */
  async connect(peerPaused = false): Promise<Connection> {
    const index = this.probes.length;
    const peer = await this.bench.connectPeer(this.address, peerPaused);
    const probe = await this.probeAt(index);
    return { served: this, probe, transport: probe.transport, peer };
  }

  /** The same where earlier connections may still be on their way: told apart by the peer's address. */
  async connectAnother(): Promise<Connection> {
    const peer = await this.bench.connectPeer(this.address);
    const isIts = (probe: Probe) => String(probe.raw?.remoteAddress) === String(peer.localAddress);
    const what = () => `${this.probes.length} connections are there, this peer's is not`;
    await untilTurn(this.bench.limitMs, what, () => this.probes.some(isIts));
    const probe = this.probes.find(isIts) as Probe;
    return { served: this, probe, transport: probe.transport, peer };
  }

  /** A new connection that is fully there, and has done what `prepare` says, before the server accepts it. */
  async connectLate(prepare: (peer: Peer) => unknown = () => {}): Promise<Connection> {
    const index = this.probes.length;
    this.server.suspend();
    const peer = await this.bench.connectPeer(this.address);
    await prepare(peer);
    await this.bench.settle();
    assert.equal(this.probes.length, index, 'nothing is accepted while suspended');
    this.server.resume();
    const probe = await this.probeAt(index);
    return { served: this, probe, transport: probe.transport, peer };
  }

  /** The probe of the connection with this number, once it is connected. */
  async probeAt(index: number): Promise<Probe> {
    await this.happenings.until(`connection ${index + 1}`, () => this.probes.length > index);
    const probe = this.probes[index] as Probe;
    await probe.untilCalled('connectionMade');
    return probe;
  }

  /** The errors that `onError` was told, once there are `count`; they count as expected. */
  async takeErrors(count = 1): Promise<{ error: Error; transport: Transport | null }[]> {
    await this.happenings.until(`${count} errors`, () => this.errors.length >= count);
    const taken = this.errors;
    this.errors = [];
    return taken;
  }

  /** After the server has closed: nothing is left, and the counters add up. */
  check(): void {
    const { server } = this;
    const { accepted, refused, active, closed, closedBy } = server.stats();
    const byCause = Object.values(closedBy).reduce((sum, count) => sum + count, 0);
    assert.deepEqual(this.errors, [], 'no error was reported that the test did not expect');
    assert.equal(server.transports.size, 0, 'no transport is left');
    assert.equal(active, 0, 'no connection is counted as active');
    assert.equal(closed, byCause, 'closed is the sum of closedBy');
    assert.equal(accepted, refused + closed, 'accepted is refused + closed');
    for (const probe of this.probes) {
      assert.ok(probe.isBalanced, `a connection was made and not lost: ${probe.story}`);
    }
  }
}
