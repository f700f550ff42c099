import { type Address, ipAddress, unixAddress } from './address.js';
import type { Engine, Listener, ListenerOwner } from './engine/engine.js';
import type { SystemError } from './errors.js';
import { planServerOptions } from './options/plan.js';
import { resolveHosts } from './resolve.js';
import type { CheckedServerOptions } from './server-options.js';
import { listenOnPath } from './unix-path.js';

/** How often a port chosen by the kernel is tried on the other addresses before we give up. */
const SAME_PORT_TRIES = 8;

/**
 * Binds a listener for everything the options name; they do not listen yet. When
 * one fails, the others are closed.
 */
export async function openListeners(
  engine: Engine,
  options: CheckedServerOptions,
  owner: ListenerOwner,
): Promise<Listener[]> {
  if (options.path !== undefined) {
    const address = unixAddress(options.path);
    return [
      await listenOnPath(address, engine, () => listenOn(engine, { address }, options, owner)),
    ];
  }
  if (options.fd !== undefined) return [await listenOn(engine, { fd: options.fd }, options, owner)];
  if (options.hosts === null) return [await listenEverywhere(engine, options, owner)];
  const addresses = await resolveHosts(options.hosts, options.port);
  for (let attempt = 1; ; attempt++) {
    try {
      return await listenOnAll(engine, addresses, options, owner);
    } catch (error) {
      const unlucky =
        options.port === 0 && addresses.length > 1 && (error as SystemError).code === 'EADDRINUSE';
      if (!unlucky || attempt === SAME_PORT_TRIES) throw error;
    }
  }
}

/** With port 0, all addresses get the port that the kernel chose for the first. */
async function listenOnAll(
  engine: Engine,
  addresses: readonly Address[],
  options: CheckedServerOptions,
  owner: ListenerOwner,
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  const bothFamilies = new Set(addresses.map((address) => address.family)).size > 1;
  try {
    for (const address of addresses) {
      const first = listeners[0]?.address;
      const target =
        first === undefined || first.family === 'unix' || address.family === 'unix'
          ? address
          : ipAddress(address.host, first.port);
      const ipv6Only = options.ipv6Only ?? bothFamilies;
      listeners.push(await listenOn(engine, { address: target }, { ...options, ipv6Only }, owner));
    }
    return listeners;
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

/** Every interface, both families: one dual-stack socket, or IPv4 alone where the machine has no IPv6. */
async function listenEverywhere(
  engine: Engine,
  options: CheckedServerOptions,
  owner: ListenerOwner,
): Promise<Listener> {
  try {
    return await listenOn(engine, { address: ipAddress('::', options.port) }, options, owner);
  } catch (error) {
    const { code } = error as SystemError;
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error;
    return listenOn(engine, { address: ipAddress('0.0.0.0', options.port) }, options, owner);
  }
}

function listenOn(
  engine: Engine,
  target: { address?: Address; fd?: number },
  options: CheckedServerOptions,
  owner: ListenerOwner,
): Promise<Listener> {
  const { listenerOptions, connectionOptions, quickAck } = options;
  const family = target.address?.family ?? 'IPv4';
  return engine.listen(
    {
      ...target,
      backlog: options.backlog,
      reuseAddress: options.reuseAddress,
      reusePort: options.reusePort,
      ipv6Only: options.ipv6Only ?? false,
      plan: planServerOptions({
        listenerOptions,
        connectionOptions,
        quickAck,
        noDelayDefault: true,
        family,
      }),
    },
    owner,
  );
}
