import type { Address } from '../../address.js';
import { Happenings } from './waiting.js';

/** How a peer behaves from its first moment on. */
export interface RawPeerOptions {
  /** Do not read until `resume`. */
  readonly paused?: boolean;
  /** How long a wait for one of its events may take, ms. */
  readonly limitMs: number;
}

/**
 * The other end of a connection under test: bare bytes, FIN and RST, with none of
 * hawser's code in it. An engine's setup extends it for its network; the methods
 * marked "network" are for that subclass to call.
 */
export abstract class Peer {
  /** This end. */
  abstract readonly localAddress: Address;
  /** The other end. */
  abstract readonly remoteAddress: Address;
  /** FIN was seen. */
  ended = false;
  /** The connection broke: `ECONNRESET` when the other end sent RST. */
  error: (Error & { code?: string }) | null = null;
  /** Bytes that arrived. */
  receivedBytes = 0;
  private readonly chunks: Buffer[] = [];
  private readonly happenings: Happenings;

  constructor(options: RawPeerOptions) {
    this.happenings = new Happenings(() => `the peer ${this.state}`, options.limitMs);
  }

  /** Sends at once what the network takes, the rest as soon as it can. */
  abstract write(data: Uint8Array | string): void;
  /** Bytes given to `write` that the network has not taken. */
  abstract readonly unsentBytes: number;
  /** Sends FIN after what was written; resolves when it has left. Reading goes on. */
  abstract end(): Promise<void>;
  /** Sends RST, drops everything; resolves when it has left. */
  abstract reset(): Promise<void>;
  /** Stops reading, so that the network fills up. */
  abstract pause(): void;
  /** Reads again, or for the first time when it began paused. */
  abstract resume(): void;
  /** Closes without ceremony; resolves when nothing is left of it. */
  abstract destroy(): Promise<void>;

  /** All that arrived. */
  get received(): Buffer {
    if (this.chunks.length > 1) this.chunks.splice(0, Infinity, Buffer.concat(this.chunks));
    return this.chunks[0] ?? Buffer.alloc(0);
  }

  /** Resolves to everything received once that is at least `byteCount` bytes. */
  async untilReceived(byteCount: number): Promise<Buffer> {
    const enough = () => this.receivedBytes >= byteCount;
    await this.happenings.until(`${byteCount} bytes at the peer`, () => enough() || this.isOver);
    if (!enough()) throw new Error(`the peer ${this.state}; awaited were ${byteCount} bytes`);
    return this.received;
  }

  /** Resolves to everything received once FIN came; a reset instead is an error. */
  async untilEnded(): Promise<Buffer> {
    await this.happenings.until('FIN at the peer', () => this.isOver);
    if (!this.ended) throw new Error(`the peer ${this.state}; awaited was an orderly FIN`);
    return this.received;
  }

  /** Resolves once RST came; FIN does not count. */
  async untilReset(): Promise<void> {
    await this.happenings.until('RST at the peer', () => this.error !== null);
    if (this.error?.code !== 'ECONNRESET') {
      throw new Error(`the peer ${this.state}; awaited was ECONNRESET`);
    }
  }

  /** Resolves once sending or receiving has failed, with whatever error. */
  untilBroken(): Promise<void> {
    return this.happenings.until('an error at the peer', () => this.error !== null);
  }

  /** Resolves once FIN or RST came, or so many bytes. */
  untilOverOr(byteCount: number): Promise<void> {
    const enough = () => this.isOver || this.receivedBytes >= byteCount;
    return this.happenings.until(`${byteCount} bytes, FIN or RST at the peer`, enough);
  }

  /** Resolves once FIN or RST came. */
  untilOver(): Promise<void> {
    return this.happenings.until('FIN or RST at the peer', () => this.isOver);
  }

  /** network: bytes arrived; `chunk` is not changed afterwards. */
  protected gotData(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    this.chunks.push(chunk);
    this.happenings.notify();
  }

  /** network: FIN arrived. */
  protected gotEnd(): void {
    this.ended = true;
    this.happenings.notify();
  }

  /** network: RST arrived, or sending failed. */
  protected gotError(error: Error): void {
    this.error ??= error;
    this.happenings.notify();
  }

  private get isOver(): boolean {
    return this.ended || this.error !== null;
  }

  private get state(): string {
    const end = this.ended ? ' and FIN' : '';
    const broken = this.error === null ? '' : `, then broke with ${this.error.code ?? this.error}`;
    return `has received ${this.receivedBytes} bytes${end}${broken}`;
  }
}

/** A listening raw socket, for the client side of the contract. */
export interface PeerListener {
  readonly address: Address;
  /** The next connection that arrives (or has arrived and was not asked for yet). */
  accept(): Promise<Peer>;
  /** Listens no longer; its connections go on. */
  close(): Promise<void>;
}
