import { asError, codedError } from '../../errors.js';
import { assertProtocol } from '../../protocol.js';
import type { Transport } from '../../transport.js';
import type {
  ConnectionOwner,
  DialRequest,
  Engine,
  Listener,
  ListenerOwner,
  ListenRequest,
} from '../engine.js';
import { connectFrom } from './handshake.js';
import type { Host } from './host.js';
import { MemoryListener } from './listener.js';
import { MemoryTransport } from './transport.js';

/** The engine of one host of a memory network. */
export class MemoryEngine implements Engine {
  readonly name = 'memory';
  /** Unix sockets have names here, and no files. */
  readonly hasSocketFiles = false;
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  async listen(request: ListenRequest, owner: ListenerOwner): Promise<Listener> {
    const { address, reuseAddress, reusePort, ipv6Only, plan } = request;
    if (address === undefined) throw noDescriptors(request.fd);
    const options = this.host.newOptions();
    if (address.family !== 'unix') {
      if (reuseAddress) options.turnOn('SO_REUSEADDR');
      if (reusePort) options.turnOn('SO_REUSEPORT');
      if (ipv6Only && address.family === 'IPv6') options.turnOn('IPV6_V6ONLY');
    }
    options.apply(plan.beforeBind);
    options.apply(plan.beforeListen);
    const queue = this.host.bind({ address, ipv6Only, reusePort, options });
    return new MemoryListener(this.host, owner, request, queue);
  }

  async dial(request: DialRequest, owner: ConnectionOwner): Promise<Transport> {
    const { address, localAddress, plan, signal } = request;
    if (address === undefined) throw noDescriptors(request.fd);
    const options = this.host.newOptions();
    options.apply(plan.beforeConnect);
    const endpoint = await connectFrom(this.host, { address, localAddress, options, signal });
    try {
      const protocol = owner.createProtocol();
      assertProtocol(protocol);
      options.apply(plan.perConnection);
      const asked = [...plan.beforeConnect, ...plan.perConnection];
      const transport = new MemoryTransport(this.host.network, owner, protocol, endpoint, asked);
      transport.start();
      return transport;
    } catch (thrown) {
      endpoint.close();
      throw asError(thrown);
    }
  }
}

function noDescriptors(fd: number | undefined): Error {
  return codedError(
    new TypeError(
      `fd ${fd} cannot be used with the memory engine, which has no descriptors: give host and port, or path`,
    ),
    'ERR_INVALID_ARG_VALUE',
  );
}
