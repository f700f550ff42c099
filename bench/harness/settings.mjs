// The command line.
import { parseArgs } from 'node:util';

export const HELP = `npm run bench -- [options]

  --servers a,b     only these; name:2 runs a server a second time under that name
                    (c,c:2 shows how far two runs of one thing differ)
  --scenarios x,y   only these
  --rounds N        default 5
  --seconds S       length of each window, default 0.5 to 2 by scenario
  --quick           few servers and scenarios, one short round: proves that all runs
  --json            print the raw results as JSON instead of tables
  --report          write bench/results/<date>/ (Markdown, HTML, charts, raw JSON)
  --readme          rewrite the README's performance section from the newest report
  --compare A,B     how far the ratios of two reports differ (names in bench/results)
  --list            names of servers and scenarios
  --install-peers   fetch Bun, Deno and Node 26 from npm into build/
  --no-namespace    stay in the machine's own network
  --help`;

const options = {
  servers: { type: 'string' },
  scenarios: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false },
  readme: { type: 'boolean', default: false },
  compare: { type: 'string' },
  list: { type: 'boolean', default: false },
  'install-peers': { type: 'boolean', default: false },
  'no-namespace': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const names = (text) => text?.split(',').filter((name) => name !== '');

function positive(name, text, fallback) {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`--${name} must be a number above 0; got ${text}`);
  return value;
}

/** @param {string[]} args without node and the script */
export function parseSettings(args) {
  const { values } = parseArgs({ args, options });
  return {
    servers: names(values.servers),
    scenarios: names(values.scenarios),
    rounds: Math.round(positive('rounds', values.rounds, values.quick ? 1 : 5)),
    seconds: positive('seconds', values.seconds, undefined),
    quick: values.quick,
    json: values.json,
    report: values.report,
    readme: values.readme,
    compare: names(values.compare),
    list: values.list,
    installPeers: values['install-peers'],
    namespace: !values['no-namespace'],
    help: values.help,
  };
}
