import type { BufferedProtocol, Protocol } from '../../protocol.js';
import type { Transport } from '../../transport.js';
import type { Guard } from './guard.js';
import { Happenings } from './waiting.js';

/** The callbacks of a protocol, as a probe records them. */
export type CallbackName =
  | 'connectionMade'
  | 'dataReceived'
  | 'getBuffer'
  | 'bufferUpdated'
  | 'eofReceived'
  | 'pauseWriting'
  | 'resumeWriting'
  | 'connectionLost';

/** What a test wants a probe to do; what it returns or throws goes to the engine. */
export interface ProbeHandlers {
  connectionMade?(probe: Probe): unknown;
  dataReceived?(probe: Probe, data: Buffer): unknown;
  eofReceived?(probe: Probe): unknown;
  pauseWriting?(probe: Probe): unknown;
  resumeWriting?(probe: Probe): unknown;
  connectionLost?(probe: Probe, error: Error | null): unknown;
  /** Makes the probe a buffered protocol. */
  getBuffer?(probe: Probe, sizeHint: number): Uint8Array;
  bufferUpdated?(probe: Probe, data: Buffer): unknown;
}

/** What has happened to one transport, whichever protocols it had. */
interface Track {
  made: boolean;
  eof: boolean;
  lost: boolean;
  writingPaused: boolean;
}

const tracks = new WeakMap<Transport, Track>();

/**
 * A protocol that writes down what it is told and checks every rule about callbacks
 * that can be checked at the moment of the callback: their order, the state of the
 * transport, and that none starts inside another call.
 */
export class Probe {
  /** Names of the callbacks so far. */
  readonly calls: CallbackName[] = [];
  readonly chunks: Buffer[] = [];
  receivedBytes = 0;
  /** What connectionLost was given; undefined before. */
  lostError: Error | null | undefined;
  /** The transport, watched for re-entrancy. */
  transport!: Transport;
  /** The transport itself, for comparing identities. */
  raw!: Transport;
  private memory: Uint8Array = Buffer.alloc(0);
  private readonly handlers: ProbeHandlers;
  private readonly guard: Guard;
  private readonly happenings: Happenings;

  constructor(handlers: ProbeHandlers, guard: Guard, limitMs: number) {
    this.handlers = handlers;
    this.guard = guard;
    this.happenings = new Happenings(() => `the protocol was told ${this.summary}`, limitMs);
  }

  /** The protocol to give to a factory or to `transport.protocol`. */
  get protocol(): Protocol | BufferedProtocol {
    this.made ??= this.handlers.getBuffer === undefined ? this.plain() : this.buffered();
    return this.made;
  }
  private made: Protocol | BufferedProtocol | undefined;

  /** Takes over the transport of another probe, which stays as it is. */
  adopt(other: Probe): this {
    this.transport = other.transport;
    this.raw = other.raw;
    return this;
  }

  /** Whether the connection had its connectionLost, if it had its connectionMade. */
  get isBalanced(): boolean {
    if (this.raw === undefined) return true;
    const { made, lost } = trackOf(this.raw);
    return made === lost;
  }

  /** The callbacks in order, repetitions of the same one told once: where data is cut means nothing. */
  get story(): string {
    const told = this.calls.filter((name) => name !== 'getBuffer');
    return told.filter((name, i) => name !== told[i - 1]).join(' ');
  }

  /** Everything received. */
  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  count(name: CallbackName): number {
    return this.calls.filter((call) => call === name).length;
  }

  /** Resolves when `condition` holds; looked at after every callback. */
  until(what: string, condition: () => boolean): Promise<void> {
    return this.happenings.until(what, condition);
  }

  untilCalled(name: CallbackName, times = 1): Promise<void> {
    return this.until(`call ${times} of ${name}`, () => this.count(name) >= times);
  }

  async untilReceived(byteCount: number): Promise<Buffer> {
    await this.until(`${byteCount} bytes received`, () => this.receivedBytes >= byteCount);
    return this.received;
  }

  /** Resolves to what connectionLost was given. */
  async untilLost(): Promise<Error | null> {
    await this.untilCalled('connectionLost');
    return this.lostError as Error | null;
  }

  private get summary(): string {
    const end = this.lostError === undefined ? '' : `, lost with ${this.lostError}`;
    return `"${this.story}", ${this.receivedBytes} bytes${end}`;
  }

  private plain(): Protocol {
    return { ...this.shared(), dataReceived: (data) => this.onData(data) as undefined };
  }

  private buffered(): BufferedProtocol {
    return {
      ...this.shared(),
      getBuffer: (sizeHint) => this.onGetBuffer(sizeHint),
      bufferUpdated: (byteCount) => this.onBufferUpdated(byteCount) as undefined,
    };
  }

  /** Callbacks that the handlers leave out are there all the same: they are recorded. */
  private shared() {
    const { handlers } = this;
    return {
      connectionMade: (transport: Transport) => this.onMade(transport) as undefined,
      eofReceived: () =>
        this.run('eofReceived', (t) => this.checkInput(t, 'eof'), handlers.eofReceived) as boolean,
      pauseWriting: () => this.run('pauseWriting', checkPause, handlers.pauseWriting) as undefined,
      resumeWriting: () =>
        this.run('resumeWriting', checkResume, handlers.resumeWriting) as undefined,
      connectionLost: (error: Error | null) => this.onLost(error) as undefined,
    };
  }

  private onMade(transport: Transport): unknown {
    this.raw = transport;
    this.transport = this.guard.watch(transport);
    const check = (track: Track) => {
      const again = track.made;
      track.made = true;
      return again ? 'after another connectionMade' : null;
    };
    return this.run('connectionMade', check, this.handlers.connectionMade);
  }

  private onData(data: Buffer): unknown {
    const check = (track: Track) =>
      data.length === 0 ? 'with no data' : this.checkInput(track, 'data');
    this.chunks.push(data);
    this.receivedBytes += data.length;
    return this.run('dataReceived', check, (probe) => this.handlers.dataReceived?.(probe, data));
  }

  private onGetBuffer(sizeHint: number): Uint8Array {
    const check = (track: Track) =>
      sizeHint >= 1 ? this.checkInput(track, 'data') : `with the size hint ${sizeHint}`;
    const ask = (probe: Probe) => this.handlers.getBuffer?.(probe, sizeHint);
    this.memory = this.run('getBuffer', check, ask) as Uint8Array;
    return this.memory;
  }

  private onBufferUpdated(byteCount: number): unknown {
    const { memory } = this;
    const data = Buffer.from(memory.subarray(0, byteCount));
    const check = (track: Track) =>
      byteCount >= 1 && byteCount <= memory.length
        ? this.checkInput(track, 'data')
        : `with ${byteCount} of ${memory.length} bytes`;
    this.chunks.push(data);
    this.receivedBytes += byteCount;
    return this.run('bufferUpdated', check, (probe) => this.handlers.bufferUpdated?.(probe, data));
  }

  private onLost(error: Error | null): unknown {
    this.lostError = error;
    const check = (track: Track) => {
      track.lost = true;
      return this.raw.isClosing ? null : 'on a transport that is not closing';
    };
    return this.run('connectionLost', check, (probe) =>
      this.handlers.connectionLost?.(probe, error),
    );
  }

  private checkInput(track: Track, kind: 'data' | 'eof'): string | null {
    const afterEof = track.eof;
    if (kind === 'eof') track.eof = true;
    if (afterEof) return 'after eofReceived';
    return this.raw.isReading ? null : 'while reading is paused or the transport closing';
  }

  /** One callback: recorded, checked, watched, then handed to the test. */
  private run(
    name: CallbackName,
    check: (track: Track, transport: Transport) => string | null,
    handler: ((probe: Probe) => unknown) | undefined,
  ): unknown {
    const track = trackOf(this.raw);
    this.calls.push(name);
    if (!track.made && name !== 'connectionMade') this.guard.note(`${name} before connectionMade`);
    if (track.lost) this.guard.note(`${name} after connectionLost`);
    const wrong = check(track, this.raw);
    if (wrong !== null) this.guard.note(`${name} ${wrong}`);
    try {
      return this.guard.callback(name, () => handler?.call(this.handlers, this));
    } finally {
      this.happenings.notify();
    }
  }
}

function trackOf(transport: Transport): Track {
  let track = tracks.get(transport);
  if (track === undefined) {
    track = { made: false, eof: false, lost: false, writingPaused: false };
    tracks.set(transport, track);
  }
  return track;
}

function checkPause(track: Track, { writeBufferSize, writeBufferLimits }: Transport) {
  if (track.writingPaused) return 'when writing was paused already';
  track.writingPaused = true;
  return writeBufferSize > writeBufferLimits.high
    ? null
    : `with ${writeBufferSize} bytes buffered, the high-water mark being ${writeBufferLimits.high}`;
}

function checkResume(track: Track, { writeBufferSize, writeBufferLimits }: Transport) {
  if (!track.writingPaused) return 'when writing was not paused';
  track.writingPaused = false;
  return writeBufferSize <= writeBufferLimits.low
    ? null
    : `with ${writeBufferSize} bytes buffered, the low-water mark being ${writeBufferLimits.low}`;
}
