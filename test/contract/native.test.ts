import { contractTests } from 'hawser/testing';
import { selectEngine } from '#hawser/engine/select';
import { socketSetup } from './socket-setup.js';

contractTests(await socketSetup('native', selectEngine('native'), {}));
