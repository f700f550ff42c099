// Who is measured. Each entry says how to start it, or throws an error that says
// what is missing; that server is then left out with a line.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { BENCH, NODE_26, PEERS, ROOT } from './paths.mjs';
import { buildEpoll, buildGo } from './programs.mjs';

const PYTHON = '/usr/bin/python3';
const server = (name) => join(BENCH, 'servers', name);
const versionOf = (command, ...args) =>
  execFileSync(command, args, { encoding: 'utf8' }).trim().split('\n')[0];

function mustExist(path, cure) {
  if (!existsSync(path)) throw new Error(`${path} is missing: ${cure}`);
  return path;
}

const peer = (path) => mustExist(join(PEERS, path), 'npm run bench -- --install-peers');
const nodeCommand = (node, script) => [node, '--expose-gc', server(script)];

/** hawser must load, and on the engine asked for, not silently on another. */
function hawser(engine, program = 'hawser.mjs') {
  const script = `import('hawser').then((m) => m.createServer(() => ({ dataReceived() {} }),
    { host: '127.0.0.1', engine: '${engine}' })).then((s) => { if (s.engine !== '${engine}') throw new Error(s.engine); return s.close(); })`;
  const probe = spawnSync(process.execPath, ['-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (probe.status !== 0) {
    const reason =
      probe.stderr.split('\n').find((line) => /Error/.test(line)) ?? 'it does not start';
    throw new Error(`${reason.trim()} (npm run build, npm run build:native)`);
  }
  const { version } = JSON.parse(
    execFileSync('cat', [join(ROOT, 'package.json')], { encoding: 'utf8' }),
  );
  return {
    command: (mode) => [...nodeCommand(process.execPath, program), mode, engine],
    version: `${version}, ${engine} engine, Node ${process.version}`,
  };
}

function nodeNet(node, program = 'node-net.mjs') {
  return {
    command: (mode) => [...nodeCommand(node, program), mode],
    version: versionOf(node, '--version'),
  };
}

function python(loop, program = 'asyncio_server.py') {
  mustExist(PYTHON, 'apt-get install python3');
  const version = versionOf(PYTHON, '-c', 'import sys; print(sys.version.split()[0])');
  const loopVersion =
    loop === 'uvloop'
      ? `uvloop ${versionOf(PYTHON, '-c', 'import uvloop; print(uvloop.__version__)')}, `
      : '';
  return {
    command: (mode) => [PYTHON, server(program), mode, loop],
    version: `${loopVersion}Python ${version}`,
  };
}

/** In the order of the report. `find` returns { command(mode), version } or throws. */
export const SERVERS = [
  {
    name: 'c',
    title: 'C epoll loop',
    find: () => ({
      command: (mode) => [buildEpoll(), mode],
      version: versionOf(process.env.CC ?? 'cc', '--version'),
    }),
  },
  { name: 'hawser', title: 'hawser', find: () => hawser('native') },
  { name: 'hawser-node', title: 'hawser, node engine', find: () => hawser('node') },
  { name: 'node', title: 'node:net', find: () => nodeNet(process.execPath) },
  {
    name: 'node26',
    title: 'node:net on Node 26',
    find: () => nodeNet(mustExist(NODE_26, 'npm run bench -- --install-peers')),
  },
  {
    name: 'bun',
    title: 'Bun.listen',
    find() {
      const bun = peer('bun/bin/bun.exe');
      return {
        command: (mode) => [bun, server('bun.mjs'), mode],
        version: versionOf(bun, '--version'),
      };
    },
  },
  {
    name: 'deno',
    title: 'Deno.listen',
    find() {
      const deno = peer('@deno/linux-x64-glibc/deno');
      const flags = [
        'run',
        '--quiet',
        '--no-config',
        '--allow-net',
        '--allow-sys',
        '--v8-flags=--expose-gc',
      ];
      return {
        command: (mode) => [deno, ...flags, server('deno.mjs'), mode],
        version: versionOf(deno, '--version'),
      };
    },
  },
  { name: 'uvloop', title: 'uvloop', find: () => python('uvloop') },
  { name: 'asyncio', title: 'asyncio', find: () => python('asyncio') },
  {
    name: 'go',
    title: 'Go net',
    find: () => ({ command: (mode) => [buildGo(), mode], version: versionOf('go', 'version') }),
  },
  {
    name: 'hawser-buffered',
    title: 'hawser, BufferedProtocol',
    isExtra: true,
    find: () => hawser('native', 'hawser-buffered.mjs'),
  },
  {
    name: 'hawser-streams',
    title: 'hawser/streams',
    isExtra: true,
    find: () => hawser('native', 'hawser-streams.mjs'),
  },
  {
    name: 'node-streams',
    title: 'node:net, for await',
    isExtra: true,
    find: () => nodeNet(process.execPath, 'node-streams.mjs'),
  },
  {
    name: 'uvloop-streams',
    title: 'asyncio streams on uvloop',
    isExtra: true,
    find: () => python('uvloop', 'asyncio_streams.py'),
  },
];

/** An extra takes part only where a scenario asks for it: by its list of servers, or beside everybody. */
export function takesPart(entry, scenario) {
  const name = entry.name.split(':')[0];
  return scenario.servers?.includes(name) ?? (!entry.isExtra || scenario.extras?.includes(name));
}

const titleOf = (entry, copy) => (copy === undefined ? entry.title : `${entry.title} (${copy})`);

/**
 * @param {string[] | undefined} wanted names, `name:2` for a second run of one
 * @param {string[]} required names that may not be left out
 */
export function findServers(wanted, required = []) {
  const found = [];
  for (const name of wanted ?? SERVERS.map((entry) => entry.name)) {
    const [known, copy] = name.split(':');
    const entry = SERVERS.find((candidate) => candidate.name === known);
    if (entry === undefined) throw new RangeError(`no server is named ${name}; --list shows them`);
    try {
      const { isExtra = false } = entry;
      found.push({ name, title: titleOf(entry, copy), isExtra, ...entry.find() });
    } catch (error) {
      if (required.includes(name)) throw error;
      console.error(`skipped: ${name}: ${error.message.split('\n')[0]}`);
    }
  }
  return found;
}
