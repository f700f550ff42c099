import type { SocketOptionName } from '../options/catalogue.js';
import { SocketOptionError } from '../options/error.js';
import type { Protocol } from '../protocol.js';
import type { Transport } from '../transport.js';
import type { EchoSettings } from './flags.js';
import type { Facts, Log } from './log.js';
import { counted, excerpt } from './printable.js';

/** What the recipe logs of a new connection, in its order and words. */
const BUFFER_LINES: readonly OptionLine[] = [
  ['recv_buf_size', 'SO_RCVBUF'],
  ['send_buf_size', 'SO_SNDBUF'],
];
const TCP_LINES: readonly OptionLine[] = [
  ['reuse_address', 'SO_REUSEADDR'],
  ['reuse_port', 'SO_REUSEPORT'],
  ...BUFFER_LINES,
  ['TCP Nodelay', 'TCP_NODELAY'],
];
const QUICKACK_LINE: OptionLine = ['TCP Quick ACK', 'TCP_QUICKACK'];
/** Only said of connections that probe. */
const PROBE_LINES: readonly OptionLine[] = [
  ['TCP Keep-Alive idle time (seconds)', 'TCP_KEEPIDLE'],
  ['TCP Keep-Alive retries', 'TCP_KEEPCNT'],
  ['TCP Keep-Alive interval time (seconds)', 'TCP_KEEPINTVL'],
];
const KEEPALIVE_LINE: OptionLine = ['TCP Keep-Alive', 'SO_KEEPALIVE'];

type OptionLine = readonly [label: string, name: SocketOptionName];

/** What the connections of one server share. */
export interface EchoContext {
  readonly mode: EchoSettings['mode'];
  readonly quickAck: boolean;
  readonly log: Log;
  /** Whether the log says already that this engine cannot read options. */
  saidUnreadable: boolean;
}

/** Echoes, and logs what happens as the recipe does, with values read back from the kernel. */
export class LoggedEcho implements Protocol {
  readonly #context: EchoContext;
  readonly #madeAt = performance.now();
  #transport!: Transport;

  constructor(context: EchoContext) {
    this.#context = context;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#say('connected', `connected from ${this.#peer}`, {
      peer: this.#peer,
      local: String(transport.localAddress),
    });
    try {
      this.#sayOptions();
    } catch (error) {
      if (!(error instanceof SocketOptionError)) throw error;
      this.#sayUnreadable(error);
    }
  }

  dataReceived(data: Buffer): void {
    const transport = this.#transport;
    const { shown, omittedBytes } = excerpt(data);
    const facts = { bytes: data.length, data: shown, omittedBytes };
    const size = counted(data.length, 'byte');
    const rest = omittedBytes === 0 ? '' : ` and ${omittedBytes} more`;
    this.#say('received', `recv: ${size} "${shown}"${rest}`, facts);
    transport.write(data);
    this.#say('sent', `sent: ${size} "${shown}"${rest}`, facts);
    if (this.#context.mode === 'once') transport.close();
  }

  eofReceived(): void {
    this.#detail('eof', `received EOF from ${this.#peer}`);
  }

  pauseWriting(): void {
    this.#transport.pauseReading();
    this.#detail('paused', `reading from ${this.#peer} rests: it does not take what it is sent`);
  }

  resumeWriting(): void {
    this.#transport.resumeReading();
    this.#detail('resumed', `reading from ${this.#peer} goes on`);
  }

  connectionLost(error: Error | null): void {
    const { bytesRead, bytesWritten } = this.#transport;
    const ms = performance.now() - this.#madeAt;
    const traffic = `${counted(bytesRead, 'byte')} in, ${counted(bytesWritten, 'byte')} out`;
    const reason = error === null ? '' : `, error: ${error.message}`;
    this.#say('closed', `closed: ${this.#peer}, ${traffic}, ${ms.toFixed(1)} ms${reason}`, {
      peer: this.#peer,
      bytesIn: bytesRead,
      bytesOut: bytesWritten,
      durationMs: Math.round(ms * 1000) / 1000,
      error: error === null ? null : { code: codeOf(error), message: error.message },
    });
  }

  get #peer(): string {
    return String(this.#transport.remoteAddress) || 'a unix socket';
  }

  #sayOptions(): void {
    const { socket, localAddress } = this.#transport;
    if (localAddress.family === 'unix') {
      for (const line of BUFFER_LINES) this.#sayOption(line);
      return;
    }
    for (const line of TCP_LINES) this.#sayOption(line);
    this.#sayOption(QUICKACK_LINE, this.#quickAck());
    const probes = socket.get('SO_KEEPALIVE');
    if (probes) for (const line of PROBE_LINES) this.#sayOption(line);
    this.#sayOption(KEEPALIVE_LINE, probes);
  }

  /**
   * Set before it is read, as in the recipe: the engine sets it around receives only. A
   * FIN clears it, perhaps between the two calls, but comes once.
   */
  #quickAck(): boolean {
    const { socket } = this.#transport;
    for (let tries = this.#context.quickAck ? 2 : 0; tries > 0; tries--) {
      socket.set('TCP_QUICKACK', true);
      if (socket.get('TCP_QUICKACK')) return true;
    }
    return socket.get('TCP_QUICKACK');
  }

  #sayOption([label, name]: OptionLine, value: unknown = this.#transport.socket.get(name)): void {
    this.#say('option', `${label}: ${value}`, { label, name, value });
  }

  #sayUnreadable(error: SocketOptionError): void {
    if (this.#context.saidUnreadable) return;
    this.#context.saidUnreadable = true;
    const message = `connections are logged without their options: ${error.message}`;
    this.#context.log.write('warning', 'options-unreadable', message, { option: error.option });
  }

  #say(event: string, message: string, facts: Facts): void {
    this.#context.log.write('info', event, message, { connection: this.#transport.id, ...facts });
  }

  #detail(event: string, message: string): void {
    this.#context.log.write('debug', event, message, {
      connection: this.#transport.id,
      peer: this.#peer,
    });
  }
}

function codeOf(error: Error): string | null {
  return (error as NodeJS.ErrnoException).code ?? null;
}
