// Rounds: in each round every scenario runs on every server in turn, so that
// what disturbs the machine disturbs all of them, and ratios are formed inside
// a round. The order of servers rotates from round to round.
import { runSettings } from './scenarios.mjs';
import { ServerProcess } from './server-process.mjs';
import { takesPart } from './servers.mjs';

async function measureOnce(entry, scenario, settings) {
  const server = await ServerProcess.start(entry.command(scenario.mode ?? 'echo'));
  try {
    return await scenario.measure(server, runSettings(scenario, settings), settings.quick);
  } finally {
    await server.stop();
  }
}

const rotated = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)];

/**
 * @param progress told of each record as it comes
 * @returns records: { round, scenario, server, ...figures } or { …, error }
 */
export async function measureAll(servers, scenarios, settings, progress) {
  const records = [];
  for (let round = 1; round <= settings.rounds; round++) {
    for (const scenario of scenarios) {
      for (const entry of rotated(servers, round - 1)) {
        if (!takesPart(entry, scenario)) continue;
        const record = { round, scenario: scenario.name, server: entry.name };
        try {
          Object.assign(record, await measureOnce(entry, scenario, settings));
        } catch (error) {
          record.error = error.message;
        }
        records.push(record);
        progress(record);
      }
    }
  }
  return records;
}
