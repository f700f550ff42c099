#!/usr/bin/env node
// `npm run test:native [-- paths or flags of npm test]`: the tests that work the addon hardest, on a
// build of it with AddressSanitizer and UndefinedBehaviorSanitizer. A bad access, undefined
// behaviour or memory lost by the addon ends the test's process with a report, so its file fails.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildNative, findCompiler, isNativeFresh } from './build-native.mjs';
import { root, setUp } from './setup.mjs';

const folders = ['test/engine', 'test/contract'].filter((path) => existsSync(join(root, path)));

setUp({ tests: true });
if (!isNativeFresh('address')) buildNative('address');
// node itself is not built with the sanitizer, so its runtime has to be there before anything else.
const [command, ...first] = findCompiler();
const runtime = execFileSync(command, [...first, '-print-file-name=libasan.so'], {
  encoding: 'utf8',
}).trim();
if (!existsSync(runtime)) {
  throw new Error(`${command} has no libasan.so; install gcc, or name it with CC=gcc`);
}
process.env.LD_PRELOAD = runtime;
process.env.HAWSER_NATIVE = join(root, 'build', 'native', 'hawser-asan.node');
// Tests start other programs, which inherit the runtime and never release what they allocate.
const suppressions = join(root, 'build', 'lsan-suppressions.txt');
writeFileSync(suppressions, 'leak:python\nleak:/bash\nleak:/dash\n');
process.env.LSAN_OPTIONS = `suppressions=${suppressions}:print_suppressions=0`;
process.env.ASAN_OPTIONS = 'detect_leaks=1:abort_on_error=0:exitcode=99';
process.env.UBSAN_OPTIONS = 'print_stacktrace=1';
const given = process.argv.slice(2);
const args = given.some((arg) => !arg.startsWith('-')) ? given : [...given, ...folders];
const script = join(root, 'scripts', 'test.mjs');
process.exitCode = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' }).status ?? 1;
