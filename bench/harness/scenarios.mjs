// What is measured. A measurement is one record of figures; all that a goal or
// a chart uses is in it.
import { runIdle, runLoad } from './generator.mjs';

const WARMUP = { warmup: 0.3, 'warmup-messages': 20_000 };
const QUICK = { warmup: 0.05, seconds: 0.15 };
const FIXED_RATE = 20_000;
/** Of an open loop's window, seconds: long enough for a p99, short enough that the machine's own stalls spare most. */
const SLICE = 0.1;
const FAIRNESS_RATE = 2_000;
/** The slow readers' kernel buffers (megabytes each) are full before anything counts. */
const SLOW_READERS_FILL_SECONDS = 1;

/** The figures of one window. CPU in µs per message, latencies in µs. */
function figures(report) {
  const { messages, seconds, serverCpu } = report;
  return {
    cpuUs: (serverCpu / messages) * 1e6,
    userSeconds: report.serverUser,
    systemSeconds: report.serverSystem,
    perSecond: messages / seconds,
    serverShare: serverCpu / seconds,
    generatorShare: report.generatorCpu / seconds,
    p50: report.latencyUs?.p50,
    p99: report.latencyUs?.p99,
    p999: report.latencyUs?.p999,
    unanswered: report.unanswered,
  };
}

/** One closed loop on one server. */
const steady = (load) => async (server, run) => figures(await runLoad(server, { ...run, ...load }));

const echo1k = { connections: 50, size: 1024 };

/** Where one async function per connection is measured beside the protocols of the same platforms. */
const STREAM_SERVERS = [
  'hawser',
  'hawser-streams',
  'node',
  'node-streams',
  'uvloop',
  'uvloop-streams',
];

/** A short closed loop, so that an open loop, which sends only so much in a second, meets warm code. */
const warmUp = (server, run, seconds) => runLoad(server, { ...run, ...echo1k, seconds });

/** An open loop on a warm server. */
async function atRate(server, run, load) {
  return figures(await runLoad(server, { ...run, 'warmup-messages': 0, slice: SLICE, ...load }));
}

const openLoop = (load) => async (server, run) => {
  await warmUp(server, run, run.seconds / 10);
  return atRate(server, run, load);
};

async function halfSaturation(server, run) {
  const peak = await warmUp(server, run, run.seconds / 2);
  const rate = Math.round(peak.messages / peak.seconds / 2);
  return { ...(await atRate(server, run, { ...echo1k, rate })), rate };
}

const slowReaders = (slow) => async (server, run, quick) => {
  const load = { connections: 500 - slow, size: 1024, rate: FIXED_RATE / 2 };
  await warmUp(server, run, run.seconds / 10);
  const alone = await atRate(server, run, load);
  const residentBefore = server.residentBytes();
  const warmup = quick ? run.warmup : SLOW_READERS_FILL_SECONDS;
  const record = await atRate(server, run, { ...load, slow, warmup });
  return {
    ...record,
    p99Alone: alone.p99,
    p99Growth: record.p99 / alone.p99,
    residentGrowth: server.residentBytes() - residentBefore,
  };
};

const costGrowth = (fullCount, active) => async (server, run, quick) => {
  const connections = quick ? fullCount / 10 : fullCount;
  const few = figures(await runLoad(server, { ...run, connections: active, size: 64 }));
  const many = figures(await runLoad(server, { ...run, connections, active, size: 64 }));
  return { ...many, cpuUsFew: few.cpuUs, growth: many.cpuUs / few.cpuUs };
};

const idle = (connections) => async (server, _run, quick) => {
  const count = quick ? connections / 10 : connections;
  const { before, after } = await runIdle(server, { connections: count, size: 64, warm: 200 });
  const each = (field) => (after[field] - before[field]) / count;
  return {
    bytesEach: each('anonymous'),
    privateDirtyEach: each('privateDirty'),
    heapEach: after.heapUsed === null ? null : each('heapUsed'),
  };
};

/**
 * `measure(server, run, quick)` drives one fresh server process. `main` is the
 * figure that the tables and ratios are about, `cpuUs` unless said; `weight` is
 * the default length of a window in seconds, 0.8 unless said.
 */
export const SCENARIOS = [
  {
    name: 'echo-1k',
    title: 'Echo 1 KiB, 50 connections',
    weight: 2,
    measure: steady(echo1k),
  },
  {
    name: 'echo-64-pipelined',
    title: 'Echo 64 B, 50 connections, 16 in flight',
    measure: steady({ connections: 50, size: 64, depth: 16 }),
  },
  {
    name: 'echo-64-1000',
    title: 'Echo 64 B, 1,000 connections',
    measure: steady({ connections: 1000, size: 64 }),
  },
  {
    name: 'echo-16k',
    weight: 0.5,
    title: 'Echo 16 KiB, 50 connections',
    extras: ['hawser-buffered'],
    measure: steady({ connections: 50, size: 16384 }),
  },
  {
    name: 'echo-64k',
    title: 'Echo 64 KiB, 20 connections',
    extras: ['hawser-buffered'],
    measure: steady({ connections: 20, size: 65536 }),
  },
  {
    name: 'echo-1k-single',
    weight: 0.5,
    title: 'Echo 1 KiB, 1 connection',
    measure: steady({ connections: 1, size: 1024 }),
  },
  {
    name: 'lines',
    title: 'Line protocol, 16 lines a packet, one reply a line',
    mode: 'lines',
    measure: steady({ connections: 50, pattern: 'lines', size: 32, depth: 16, batch: 16 }),
  },
  {
    name: 'bulk-in',
    weight: 0.5,
    title: 'One way in, 64 KiB, 4 connections',
    extras: ['hawser-buffered'],
    mode: 'sink',
    measure: steady({ mode: 'bulk-in', connections: 4, size: 65536 }),
  },
  {
    name: 'bulk-out',
    weight: 0.5,
    title: 'One way out, 64 KiB, 4 connections',
    mode: 'source',
    measure: steady({ mode: 'bulk-out', connections: 4, size: 65536 }),
  },
  {
    name: 'churn',
    title: 'Connect, echo 64 B, close',
    unit: 'connection',
    measure: steady({ mode: 'churn', connections: 32, size: 64, 'warmup-messages': 2000 }),
  },
  {
    name: 'latency',
    weight: 1.5,
    title: 'Echo 1 KiB at half the saturation rate',
    main: 'p99',
    measure: halfSaturation,
  },
  {
    name: 'latency-fixed',
    weight: 0.5,
    title: `Echo 1 KiB at ${FIXED_RATE.toLocaleString('en')} messages a second`,
    main: 'p99',
    measure: openLoop({ ...echo1k, rate: FIXED_RATE }),
  },
  {
    name: 'slow-readers',
    title: '50 slow readers among 500: latency of the rest',
    main: 'p99',
    measure: slowReaders(50),
  },
  {
    name: 'fairness',
    weight: 1.5,
    title: 'One connection at full speed: latency of ten others',
    extras: ['hawser-buffered'],
    main: 'p99',
    measure: openLoop({
      connections: 10,
      flooders: 1,
      size: 64,
      rate: FAIRNESS_RATE,
    }),
  },
  {
    name: 'growth',
    title: '10,000 connections, 100 of them active, echo 64 B',
    measure: costGrowth(10_000, 100),
  },
  {
    name: 'streams',
    title: 'A function per connection: echo 1 KiB, 50 connections',
    servers: STREAM_SERVERS,
    measure: steady(echo1k),
  },
  {
    name: 'streams-idle',
    title: 'A function per connection: 10,000 idle connections',
    main: 'bytesEach',
    servers: STREAM_SERVERS,
    measure: idle(10_000),
  },
  {
    name: 'idle',
    title: '15,000 idle connections',
    main: 'bytesEach',
    measure: idle(15_000),
  },
];

/** @param {string[] | undefined} wanted */
export function findScenarios(wanted) {
  if (wanted === undefined) return SCENARIOS;
  return wanted.map((name) => {
    const scenario = SCENARIOS.find((known) => known.name === name);
    if (scenario === undefined)
      throw new RangeError(`no scenario is named ${name}; --list shows them`);
    return scenario;
  });
}

/** What every load of one measurement has in common. */
export function runSettings(scenario, { quick, seconds }) {
  if (quick) return QUICK;
  return { ...WARMUP, seconds: seconds ?? scenario.weight ?? 0.8 };
}
