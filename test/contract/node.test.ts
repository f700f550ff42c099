import { contractTests } from 'hawser/testing';
import { selectEngine } from '#hawser/engine/select';
import { nodeExceptions } from './node-exceptions.js';
import { socketSetup } from './socket-setup.js';

contractTests(await socketSetup('node', selectEngine('node'), nodeExceptions));
