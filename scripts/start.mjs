#!/usr/bin/env node
// `npm start [-- flags]`: the echo server of the recipe, from a checkout. After the setup the
// command line runs in this very process, so that signals, the terminal and the exit code are its own.
// npm runs scripts through a shell, which would keep a SIGTERM meant for the server to itself: hence
// the `exec` in package.json, which puts this process in the shell's place.

import { setUp } from './setup.mjs';

setUp({ tests: false });
const { main } = await import('../dist/cli/main.js');
process.exitCode = await main(['echo', ...process.argv.slice(2)]);
