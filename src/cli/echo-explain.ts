import { type Address, unixAddress } from '../address.js';
import { explainPlan, planServerOptions } from '../options/plan.js';
import { resolveHosts } from '../resolve.js';
import type { ServerOptions } from '../server.js';

/** What `hawser echo --explain` prints: every setsockopt(2) call, where and when, for each listener. */
export async function explainServer(options: ServerOptions): Promise<string> {
  const addresses = await addressesOf(options);
  const families = addresses.map(({ family }) => family);
  return addresses
    .map((address) => {
      const { family } = address;
      const plan = planServerOptions({
        listenerOptions: { ...flagsOf(options, family, families), ...options.listenerOptions },
        connectionOptions: options.connectionOptions,
        quickAck: options.quickAck,
        noDelayDefault: true,
        family,
        families,
      });
      const quickAck = options.quickAck === true && family !== 'unix';
      return `${address}, backlog ${options.backlog}\n${explainPlan(plan, { quickAck })}`;
    })
    .join('\n');
}

async function addressesOf({ path, host, port }: ServerOptions): Promise<Address[]> {
  if (path !== undefined) return [unixAddress(path)];
  return resolveHosts([host ?? '::'].flat(), port ?? 0);
}

/** The server options that are socket options too. */
function flagsOf(
  { reuseAddress, reusePort, ipv6Only }: ServerOptions,
  family: Address['family'],
  families: readonly Address['family'][],
) {
  if (family === 'unix') return {};
  return {
    ...(reuseAddress ? { SO_REUSEADDR: true } : {}),
    ...(reusePort ? { SO_REUSEPORT: true } : {}),
    ...(family === 'IPv6' ? { IPV6_V6ONLY: ipv6Only ?? families.includes('IPv4') } : {}),
  };
}
