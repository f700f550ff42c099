#!/usr/bin/env node
// `npm start [-- flags]`: the echo server of the recipe, from a checkout. After the setup the
// command line runs in this very process, so that signals, the terminal and the exit code are its own.

import { setUp } from './setup.mjs';

setUp({ tests: false });
const { main } = await import('../dist/cli/main.js');
process.exitCode = await main(['echo', ...process.argv.slice(2)]);
