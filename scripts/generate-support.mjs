#!/usr/bin/env node
// Runs the contract suite on every engine and writes what came of it to docs/support.md.
// A promise that is broken, or an exception that is kept, ends it with code 1 and no page.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './setup.mjs';

setUp({ tests: true });

const load = (path) => import(pathToFileURL(join(root, path)));
const { runContract } = await load('dist/testing/index.js');
const { setups } = await load('build/test/contract/setups.js');
const { renderSupport } = await load('build/test/contract/support.js');

const engines = [];
for (const [name, makeSetup] of Object.entries(setups)) {
  const exceptions = {};
  let kept = 0;
  for (const [id, outcome] of await runContract(await makeSetup())) {
    if (outcome.kind === 'excepted') exceptions[id] = outcome.reason;
    else if (outcome.kind === 'kept') kept++;
    else {
      console.error(`${name}: ${id} is broken`, outcome.error);
      process.exitCode = 1;
    }
  }
  console.log(`${name}: ${kept} promises kept, ${Object.keys(exceptions).length} excepted`);
  engines.push({ name, exceptions });
}
if (!process.exitCode) writeFileSync(join(root, 'docs/support.md'), renderSupport(engines));
