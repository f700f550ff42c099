import { LOG_LEVELS, type LogFormat, type LogLevel } from './log-levels.js';
import { LogSink, openLogDescriptor } from './log-sink.js';

/** What a line says, as fields; values that JSON can hold. */
export type Facts = Readonly<Record<string, unknown>>;

/** As Python's logging names the thread that runs an event loop. */
const THREAD = 'MainThread';
/** On Linux the main thread's id, as `ps -T` prints it, is the process id. */
const THREAD_ID = process.pid;

/** How long stderr may take nothing before the last lines are given up, ms. */
const PATIENCE_MS = 500;

/**
 * The log of a program: one line per event on stderr, as text (`[MainThread (4242)]
 * message`) or as JSON. Writing never waits; see `LogSink`.
 */
export class Log {
  readonly #rank: number;
  readonly #format: LogFormat;
  readonly #sink: LogSink | null;

  /** @param fd where lines go; stderr unless a test says otherwise */
  constructor(level: LogLevel, format: LogFormat, fd?: number) {
    this.#rank = LOG_LEVELS.indexOf(level);
    this.#format = format;
    this.#sink =
      level === 'silent'
        ? null
        : new LogSink(fd ?? openLogDescriptor(), (count) => this.#lossLine(count));
  }

  /** Whether lines of that level are written: ask before making a costly one. */
  has(level: Exclude<LogLevel, 'silent'>): boolean {
    return LOG_LEVELS.indexOf(level) <= this.#rank;
  }

  /**
   * @param event a word for programs, the same for every line of one kind
   * @param message the line for people
   * @param facts what the line says, as fields of the JSON line
   */
  write(
    level: Exclude<LogLevel, 'silent'>,
    event: string,
    message: string,
    facts: Facts = {},
  ): void {
    if (this.has(level)) this.#sink?.write(this.#line(level, event, message, facts));
  }

  /** Resolves when all lines are written, or when stderr does not take them. */
  async flush(): Promise<void> {
    await this.#sink?.flush(PATIENCE_MS);
  }

  #line(level: LogLevel, event: string, message: string, facts: Facts): string {
    if (this.#format === 'text') {
      return `[${THREAD} (${THREAD_ID})] ${message.replaceAll('\n', '\\n')}\n`;
    }
    const time = new Date().toISOString();
    const head = { time, level, thread: THREAD, threadId: THREAD_ID, event, message };
    return `${JSON.stringify({ ...head, ...facts })}\n`;
  }

  #lossLine(count: number): string {
    const message = `${count} log ${count === 1 ? 'line was' : 'lines were'} lost: stderr did not take them`;
    return this.#line('warning', 'log-lost', message, { lines: count });
  }
}
