import { test } from 'node:test';
import { contractTests } from 'hawser/testing';
import { loadNative } from '#hawser/engine/native/load';
import { setups } from './setups.js';

const loaded = loadNative();
if (loaded.binding === null) test('the contract on native', { skip: loaded.reason }, () => {});
else contractTests(await setups.native());
