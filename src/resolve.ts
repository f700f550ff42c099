import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type IpAddress, ipAddress } from './address.js';

/** Every address of the hosts, in order, each once. A literal is not looked up. Rejects as `dns.lookup` does. */
export async function resolveHosts(hosts: readonly string[], port: number): Promise<IpAddress[]> {
  const found = await Promise.all(hosts.map((host) => (isIP(host) ? [host] : lookUp(host))));
  return [...new Set(found.flat())].map((host) => ipAddress(host, port));
}

async function lookUp(name: string): Promise<string[]> {
  const entries = await lookup(name, { all: true, verbatim: true });
  return entries.map((entry) => entry.address);
}
