// Where and under what the figures were found.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import { description as cores } from './cores.mjs';
import { description as network } from './namespace.mjs';

const read = (path) => readFileSync(path, 'utf8').trim();

/** Clock ticks of all CPUs: [busy and idle together, taken by the hypervisor]. */
function cpuTicks() {
  const ticks = read('/proc/stat').split('\n')[0].split(/\s+/).slice(1, 9).map(Number);
  return { all: ticks.reduce((a, b) => a + b, 0), steal: ticks[7] };
}

function cpuModel() {
  const text = read('/proc/cpuinfo');
  const field = (name) => new RegExp(`^${name}\\s*:\\s*(.+)$`, 'm').exec(text)?.[1] ?? '?';
  return `${field('model name')} (family ${field('cpu family')}, model ${field('model')})`;
}

/** Taken before the first measurement. */
export function describeMachine() {
  return {
    cpu: cpuModel(),
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: os.release(),
    congestionControl: read('/proc/sys/net/ipv4/tcp_congestion_control'),
    network: network(),
    pinning: cores(),
    runner: `Node ${process.version}`,
    loadBefore: os.loadavg()[0],
    ticks: cpuTicks(),
  };
}

/** What is only known at the end. */
describeMachine.after = ({ ticks }) => {
  const now = cpuTicks();
  return { stealShare: (now.steal - ticks.steal) / (now.all - ticks.all) };
};

/** For the top of a report. */
export function machineLines({ machine, servers, rounds, date, durationSeconds }) {
  return [
    `- ${date}, ${rounds} rounds, ${Math.round(durationSeconds / 6) / 10} minutes`,
    `- ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel}`,
    `- ${machine.network}; ${machine.pinning}; congestion control ${machine.congestionControl}`,
    `- load average before: ${machine.loadBefore.toFixed(2)}; taken by the hypervisor: ${(machine.stealShare * 100).toFixed(1)} %`,
    ...servers.map(({ title, version }) => `- ${title}: ${version}`),
  ];
}
