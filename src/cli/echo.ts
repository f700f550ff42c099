import { explainEngine } from '../engine/select.js';
import type { OptionReport } from '../options/catalogue.js';
import { SocketOptionError, shownValue } from '../options/error.js';
import { createServer, type Server, type ServerOptions } from '../server.js';
import type { Transport } from '../transport.js';
import { runUntilSignalled } from './echo-drain.js';
import { echoServerOptions, relaxed } from './echo-options.js';
import { echoFactory } from './echo-protocol.js';
import {
  ECHO_DEFAULTS,
  type EchoRequest,
  type EchoSettings,
  echoHelp,
  parseEchoFlags,
} from './flags.js';
import { Log } from './log.js';
import { counted } from './printable.js';
import { otherListeners } from './shared-port.js';
import { explainFailure } from './start-failure.js';

/** accept(2) wants for descriptors or memory, which others may give back. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ENOSPC']);

/**
 * `hawser echo`: the recipe's echo server. Resolves to the exit code when the server
 * has ended: 0, 1 when it could not start, 2 for a command line that makes no sense.
 */
export async function runEcho(
  args: string[],
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream,
): Promise<number> {
  let settings = ECHO_DEFAULTS;
  try {
    const request = parseEchoFlags(args);
    if (request === 'help') {
      out.write(echoHelp());
      return 0;
    }
    settings = request.settings;
    const options = echoServerOptions(request);
    if (settings.explain) {
      const { explainServer } = await import('./echo-explain.js');
      out.write(await explainServer(options));
      return 0;
    }
    await serve(request, options);
    return 0;
  } catch (error) {
    const failure = explainFailure(error, settings);
    if (failure === null) throw error;
    err.write(`hawser echo: ${failure.message}\n`);
    return failure.exitCode;
  }
}

async function serve(request: EchoRequest, options: ServerOptions): Promise<void> {
  const { logLevel, logFormat, drainTimeoutMs } = request.settings;
  const log = new Log(logLevel, logFormat);
  const server = await start(request, options, log);
  announce(server, log);
  const { aborted } = await runUntilSignalled(server, drainTimeoutMs, log);
  await log.flush();
  if (aborted) process.exit(0);
}

/** Starts the server; where the node engine must serve, without those of the recipe's settings that it cannot make. */
async function start(request: EchoRequest, options: ServerOptions, log: Log): Promise<Server> {
  const { settings } = request;
  const onError = (error: Error, transport: Transport | null) => sayError(log, error, transport);
  const engine = settings.engine === 'auto' ? explainEngine().name : settings.engine;
  const without: string[] = [];
  let wanted: ServerOptions = { ...options, onError };
  for (;;) {
    try {
      const factory = echoFactory(settings.mode, wanted.quickAck === true, log);
      const server = await createServer(factory, wanted);
      if (server.engine === 'node') sayNodeEngine(settings.engine, without, log);
      if (wanted.reusePort) warnOfSharing(server, log);
      return server;
    } catch (error) {
      if (!(error instanceof SocketOptionError) || engine !== 'node') throw error;
      const less = relaxed(wanted, error.option, request);
      if (less === null) throw error;
      without.push(error.option);
      wanted = less;
    }
  }
}

/** Why there is less than the recipe's settings, in one line. */
function sayNodeEngine(choice: EchoSettings['engine'], without: string[], log: Log): void {
  const chosen = choice === 'node';
  if (chosen && without.length === 0) return;
  const { reason } = explainEngine();
  const why = chosen ? '' : `${reason}; `;
  const what = without.length === 0 ? '' : `, without ${without.join(', ')}`;
  const message = `${why}serving on the node engine${what}`;
  log.write('warning', 'node-engine', message, { reason: chosen ? null : reason, without });
}

function warnOfSharing(server: Server, log: Log): void {
  const others = otherListeners(server.addresses);
  const [address] = server.addresses;
  if (others === 0 || address === undefined || address.family === 'unix') return;
  const message = `port ${address.port} is shared: ${counted(others, 'other listener')} takes part of the connections; \`ss -ltnp 'sport = :${address.port}'\` shows whose, --no-reuse-port refuses to share`;
  log.write('warning', 'port-shared', message, { port: address.port, others });
}

function announce(server: Server, log: Log): void {
  const { addresses, engine, sockets } = server;
  const names = addresses.map(String);
  log.write('info', 'serving', `Serving on ${names.join(', ')}`, { addresses: names, engine });
  if (!log.has('debug')) return;
  for (const socket of sockets) {
    for (const row of socket.report()) sayReport(String(socket.address), row, log);
  }
}

function sayReport(listener: string, { name, asked, got, reason }: OptionReport, log: Log): void {
  const why = reason === null ? '' : `: ${reason}`;
  const message = `${listener} ${name}: asked ${shownValue(asked)}, got ${shownValue(got)}${why}`;
  log.write('debug', 'option-report', message, { listener, name, asked, got, reason });
}

/** Out of descriptors is an operator's matter and passes; anything else is a fault of ours. */
function sayError(log: Log, error: Error, transport: Transport | null): void {
  const { code } = error as NodeJS.ErrnoException;
  if (transport === null && EXHAUSTED.has(code ?? '')) {
    const message = `${error.message}: clients wait until connections close; \`ulimit -n\` is the limit of open files`;
    log.write('warning', 'accept-failed', message, { code });
  } else {
    log.write('error', 'error', error.message, {
      code,
      connection: transport?.id,
      stack: error.stack,
    });
  }
}
