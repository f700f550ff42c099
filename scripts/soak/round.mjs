import { setTimeout as sleep } from 'node:timers/promises';
import { flood, killClient, starve } from './faults.mjs';

const PING_EVERY_MS = 1000;

/**
 * One round, from quiet to quiet: `connections` open all the while and pinged, traffic of every
 * kind beside them, and faults at even distances.
 */
export async function playRound(server, traffic, veterans, { seconds, connections }) {
  const pool = await traffic.open('pool', connections);
  const stopPinging = keepPinging(traffic, [...veterans, ...pool]);
  traffic.start();
  await atEvenDistances(seconds, faultsFor(server, traffic));
  await traffic.stop();
  if (server.engine !== 'native') await starve(server, traffic);
  await stopPinging();
  await traffic.close(pool);
}

/** libuv turns away whoever comes while descriptors are short, so there starving has to wait for the end of the traffic. */
function faultsFor(server, traffic) {
  const kill = () => killClient(server.port);
  const crowd = () => flood(traffic);
  const hunger = () => starve(server, traffic);
  return server.engine === 'native' ? [crowd, kill, hunger, kill] : [crowd, kill, crowd, kill];
}

/** Runs the steps in turn, each in the middle of its part of the time. */
async function atEvenDistances(seconds, steps) {
  const begin = performance.now();
  const until = (part) => sleep(Math.max(0, begin + part * seconds * 1000 - performance.now()));
  for (const [i, step] of steps.entries()) {
    await until((i + 0.5) / steps.length);
    await step();
  }
  await until(1);
}

/** Pings all of them again and again; returns what stops it. */
function keepPinging(traffic, opened) {
  const stop = new AbortController();
  const stopped = (async () => {
    while (!stop.signal.aborted) {
      await traffic.ping(opened);
      await sleep(PING_EVERY_MS);
    }
  })();
  return () => {
    stop.abort();
    return stopped;
  };
}
