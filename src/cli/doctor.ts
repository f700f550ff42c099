import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineProbe } from '../doctor/engine-choice.js';
import { examine, type Report } from '../doctor/examine.js';
import type { Counters, Reading } from '../doctor/facts.js';
import { type Growth, growth } from '../doctor/growth.js';
import { readCounters, readFacts } from '../doctor/reading.js';
import type { ServerSettings } from '../doctor/settings.js';
import { explainEngine } from '../engine/select.js';
import { UsageError } from './arguments.js';
import { type DoctorRequest, doctorHelp, parseDoctorFlags } from './doctor-flags.js';
import { describeGrowth, describeReport, heading, paintFor } from './doctor-report.js';
import { settingsOfEcho, settingsOfJson } from './server-settings.js';

/** Where output goes; a terminal gets colour. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean };

/** What stands for the machine; tests replace it. */
export interface Machine {
  readonly platform: string;
  readonly stdin: NodeJS.ReadableStream;
  readonly probeEngine: EngineProbe;
}

const THIS_MACHINE: Machine = {
  platform: process.platform,
  stdin: process.stdin,
  probeEngine: explainEngine,
};

/** `hawser doctor`. Resolves to the exit code: 0 without errors, 1 with, 2 for a command line that makes no sense. */
export async function runDoctor(
  args: string[],
  out: Output,
  err: Output,
  machine: Partial<Machine> = {},
): Promise<number> {
  const here = { ...THIS_MACHINE, ...machine };
  try {
    const request = parseDoctorFlags(args);
    if (request === 'help') {
      out.write(doctorHelp());
      return 0;
    }
    return await diagnose(request, here, out, err);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    err.write(`hawser doctor: ${error.message}\n`);
    return 2;
  }
}

async function diagnose(
  request: DoctorRequest,
  machine: Machine,
  out: Output,
  err: Output,
): Promise<number> {
  const settings = await settingsOf(request, machine);
  const facts = readFacts({
    root: request.root,
    platform: machine.platform,
    engine: machine.probeEngine(),
  });
  const report = examine(facts, settings);
  if (request.json) {
    const watched = await watch(request, facts.counters);
    out.write(`${JSON.stringify(asJson(report, request, watched), null, 2)}\n`);
  } else {
    const paint = paintFor(out);
    out.write(`${heading(report, settings)}\n${describeReport(report, paint, request.all)}`);
    if (request.watchSeconds !== null) {
      out.write('\n');
      err.write(`Watching the counters for ${request.watchSeconds} s …\n`);
      const watched = await watch(request, facts.counters);
      out.write(
        watched!.ok
          ? describeGrowth(watched!.value, request.watchSeconds, paint)
          : `Counters cannot be watched: ${watched!.reason}.\n`,
      );
    }
  }
  return report.findings.some(({ severity }) => severity === 'error') ? 1 : 0;
}

async function settingsOf(request: DoctorRequest, machine: Machine): Promise<ServerSettings> {
  const { server, around } = request;
  if (!('file' in server)) return settingsOfEcho(server, around);
  if (server.file === '-') {
    return settingsOfJson(await text(machine.stdin), 'standard input', around);
  }
  let content: string;
  try {
    content = await readFile(server.file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read settings from ${server.file}: ${code ?? message}`);
  }
  return settingsOfJson(content, server.file, around);
}

/** Reads the counters a second time, after the time asked for; null when none was. */
async function watch(
  { watchSeconds, root }: DoctorRequest,
  before: Reading<Counters>,
): Promise<Reading<Growth[]> | null> {
  if (watchSeconds === null) return null;
  if (!before.ok) return before;
  await sleep(watchSeconds * 1000);
  const after = readCounters(root);
  if (!after.ok) return after;
  return { ok: true, value: growth(before.value, after.value, watchSeconds) };
}

function asJson(
  report: Report,
  { watchSeconds }: DoctorRequest,
  watched: Reading<Growth[]> | null,
): object {
  const count = (severity: string): number =>
    report.findings.filter((finding) => finding.severity === severity).length;
  return {
    platform: report.platform,
    kernel: report.kernel,
    engine: report.engine,
    counts: { error: count('error'), warning: count('warning'), info: count('info') },
    findings: report.findings,
    notExamined: report.missed,
    ...(watched === null
      ? {}
      : {
          watch: watched.ok
            ? { seconds: watchSeconds, grew: watched.value }
            : { seconds: watchSeconds, reason: watched.reason },
        }),
  };
}
