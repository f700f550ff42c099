import type { Address } from 'hawser';
import type {
  ContractSetup,
  MemoryNetworkOptions,
  PeerListener,
  RawPeerOptions,
} from 'hawser/testing';
import { ipAddress } from '#hawser/address';
import { connectFrom } from '#hawser/engine/memory/handshake';
import { Network } from '#hawser/testing/memory-network';
import { MemoryNetworkPeer } from './memory-peer.js';

/** The setup of the memory engine: a network whose timers take as long as the suite's own. */
export function memorySetup(
  options: MemoryNetworkOptions,
  exceptions: Record<string, string>,
): ContractSetup {
  const network = new Network({ ...options, timers: 'real' });
  return {
    name: 'memory',
    engine: network.engine,
    exceptions,
    async connectPeer(address: Address, peerOptions: RawPeerOptions) {
      const { home } = network;
      const endpoint = await connectFrom(home, { address, options: home.newOptions() });
      return new MemoryNetworkPeer(endpoint, peerOptions);
    },
    listenPeer: async (peerOptions) => listen(network, peerOptions),
    settle: () => network.idle(),
    openSockets: () => network.openSockets,
    listeningDescriptor: noDescriptors,
    connectedDescriptor: noDescriptors,
    hangingAddress: () => hangingAddress(network),
    sendUrgent: (address, before, _urgent, after) => sendAround(network, address, before, after),
  };
}

/**
 * Urgent data as a receiver without SO_OOBINLINE sees it (tcp(7)): the byte is not in
 * the stream, and what was sent before and after it arrives separately.
 */
async function sendAround(
  network: Network,
  address: Address,
  before: string,
  after: string,
): Promise<void> {
  const peer = await network.connectPeer(address);
  await peer.send(before);
  await network.idle();
  await peer.send(after);
  peer.end();
  await peer.receiveAll();
  peer.close();
}

function listen({ home, waiting }: Network, options: RawPeerOptions): PeerListener {
  const queue = home.bind({
    address: ipAddress('127.0.0.1', 0),
    ipv6Only: false,
    reusePort: false,
    options: home.newOptions(),
  });
  queue.listen(511, () => waiting.notify());
  return {
    address: queue.address,
    async accept() {
      await waiting.until(
        () => queue.hasWaiting,
        () => new Error(`nobody connects to ${queue.address}`),
      );
      return new MemoryNetworkPeer(queue.accept()!, options);
    },
    close: async () => home.unbind(queue),
  };
}

/** The queue of a listener with backlog 0 holds one connection, and this one is never accepted. */
async function hangingAddress({ home }: Network) {
  const queue = home.bind({
    address: ipAddress('127.0.0.1', 0),
    ipv6Only: false,
    reusePort: false,
    options: home.newOptions(),
  });
  queue.listen(0, () => {});
  const { address } = queue;
  const waiting = await connectFrom(home, { address, options: home.newOptions() });
  return {
    address,
    close: async () => {
      home.unbind(queue);
      waiting.close();
    },
  };
}

function noDescriptors(): never {
  throw new Error('the memory network has no descriptors');
}
