import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Machine, runDoctor } from '#hawser/cli/doctor';
import type { Finding } from '#hawser/doctor/finding';

/** A machine where the native engine loads. */
export const NATIVE: Partial<Machine> = {
  platform: 'linux',
  probeEngine: () => ({ name: 'native', reason: 'the native engine was loaded' }),
};

/** A server that no rule objects to on a healthy machine, as flags. */
export const SOUND = [
  '--no-reuse-port',
  '--keepalive-idle',
  '120',
  '--mode',
  'stream',
  '--option',
  'TCP_USER_TIMEOUT=255000',
];

/** What a run of the command printed and returned. */
export interface DoctorRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `hawser doctor` in this process. */
export async function doctor(args: string[], machine: Partial<Machine> = {}): Promise<DoctorRun> {
  const out = new PassThrough();
  const err = new PassThrough();
  const printed = Promise.all([text(out), text(err)]);
  const code = await runDoctor(args, out, err, { ...NATIVE, ...machine });
  out.end();
  err.end();
  const [outText, errText] = await printed;
  return { code, out: outText, err: errText };
}

/** What `--json` printed, as far as the tests look at it. */
export interface JsonReport {
  readonly engine: { readonly name: string; readonly reason: string };
  readonly counts: { readonly error: number; readonly warning: number; readonly info: number };
  readonly findings: readonly Finding[];
  readonly notExamined: readonly { readonly name: string; readonly reason: string }[];
  readonly watch?: {
    readonly seconds: number;
    readonly grew?: readonly { readonly name: string; readonly by: number }[];
    readonly reason?: string;
  };
}

/** Runs `hawser doctor --json` and parses what it prints. */
export async function examined(
  args: string[],
  machine: Partial<Machine> = {},
): Promise<JsonReport & { code: number }> {
  const { code, out } = await doctor([...args, '--json'], machine);
  return { ...(JSON.parse(out) as JsonReport), code };
}
