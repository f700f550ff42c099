import { contractTests } from 'hawser/testing';
import { setups } from './setups.js';

contractTests(await setups.memory());
