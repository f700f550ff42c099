import { contract, contractTests } from 'hawser/testing';
import { nodeExceptions } from '../../contract/node-exceptions.js';
import { socketSetup } from '../../contract/socket-setup.js';
import { needsAddon, plain } from './connections.js';

const NO_READ = 'node:net cannot read socket options';

/** The peers of the suite take the addon; the engine does not get it here. */
if (!needsAddon.skip) {
  const exceptions = {
    ...nodeExceptions(),
    'socket-options/no-delay': NO_READ,
    'socket-options/connection-options': 'node:net cannot set most socket options',
    'socket-options/set': 'node:net cannot set most socket options',
    'socket-options/listener': NO_READ,
    'socket-options/client': NO_READ,
    'socket-options/tcp-info': NO_READ,
  };
  const setup = await socketSetup('node without the addon', plain, exceptions);
  const groups = contract.filter(({ name }) => name !== 'descriptors');
  contractTests(setup, groups);
}
