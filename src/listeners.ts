import { type Address, type IpAddress, ipAddress, unixAddress } from './address.js';
import type { Engine, Listener, ListenerOwner } from './engine/engine.js';
import type { SystemError } from './errors.js';
import { planServerOptions } from './options/plan.js';
import { resolveHosts } from './resolve.js';
import type { CheckedServerOptions } from './server-options.js';
import { listenOnPath } from './unix-path.js';

/** How often a port chosen by the kernel is tried on the other addresses before we give up. */
const SAME_PORT_TRIES = 8;

/** What every listener of one server is made from. */
interface Context {
  readonly engine: Engine;
  readonly options: CheckedServerOptions;
  readonly owner: ListenerOwner;
}

type Families = readonly Address['family'][];

/**
 * Binds a listener for everything the options name; they do not listen yet. When
 * one fails, the others are closed.
 */
export async function openListeners(
  engine: Engine,
  options: CheckedServerOptions,
  owner: ListenerOwner,
): Promise<Listener[]> {
  const context = { engine, options, owner };
  const { path, fd, hosts, port } = options;
  if (path !== undefined) {
    const address = unixAddress(path);
    const listen = () => listenOn(context, address, ['unix']);
    return [await listenOnPath(address, engine, options.pathMode, listen)];
  }
  if (fd !== undefined) return [await listenOnDescriptor(context, fd)];
  if (hosts === null) return [await listenEverywhere(context)];
  const addresses = await resolveHosts(hosts, port);
  for (let attempt = 1; ; attempt++) {
    try {
      return await listenOnAll(context, addresses);
    } catch (error) {
      const { code } = error as SystemError;
      const unlucky = port === 0 && addresses.length > 1 && code === 'EADDRINUSE';
      if (!unlucky || attempt === SAME_PORT_TRIES) throw error;
    }
  }
}

/**
 * With port 0, all addresses get the port that the kernel chose for the first. Where
 * both families are named, each gets its own socket: a dual-stack one would take
 * the other's port.
 */
async function listenOnAll(context: Context, addresses: readonly IpAddress[]): Promise<Listener[]> {
  const listeners: Listener[] = [];
  const families = [...new Set(addresses.map((address) => address.family))];
  let port = context.options.port;
  try {
    for (const { host } of addresses) {
      const listener = await listenOn(context, ipAddress(host, port), families);
      listeners.push(listener);
      port = (listener.address as IpAddress).port;
    }
    return listeners;
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

/** Every interface, both families: one dual-stack socket, or IPv4 alone where the machine has no IPv6. */
async function listenEverywhere(context: Context): Promise<Listener> {
  const { port } = context.options;
  try {
    return await listenOn(context, ipAddress('::', port), ['IPv6']);
  } catch (error) {
    const { code } = error as SystemError;
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error;
    return listenOn(context, ipAddress('0.0.0.0', port), ['IPv4']);
  }
}

function listenOn(context: Context, address: Address, families: Families): Promise<Listener> {
  const { engine, options, owner } = context;
  const request = {
    address,
    backlog: options.backlog,
    reuseAddress: options.reuseAddress,
    reusePort: options.reusePort,
    ipv6Only: options.ipv6Only ?? families.length > 1,
    plan: planFor(options, address.family, families),
  };
  return engine.listen(request, owner);
}

function listenOnDescriptor({ engine, options, owner }: Context, fd: number): Promise<Listener> {
  const family = engine.familyOf?.(fd) ?? 'IPv4';
  const { backlog, reuseAddress, reusePort, ipv6Only = false } = options;
  const plan = planFor(options, family, [family]);
  return engine.listen({ fd, backlog, reuseAddress, reusePort, ipv6Only, plan }, owner);
}

function planFor(options: CheckedServerOptions, family: Address['family'], families: Families) {
  const { listenerOptions, connectionOptions, quickAck } = options;
  return planServerOptions({
    listenerOptions,
    connectionOptions,
    quickAck,
    noDelayDefault: true,
    family,
    families,
  });
}
