import type { Address } from 'hawser';
import { Peer, type RawPeerOptions } from 'hawser/testing';
import { ByteQueue } from '#hawser/engine/memory/byte-queue';
import type { Endpoint, EndpointOwner } from '#hawser/engine/memory/endpoint';
import { EAGAIN } from '#hawser/engine/memory/errno';
import { systemError } from '#hawser/errors';

/** A raw connection in a memory network. */
export class MemoryNetworkPeer extends Peer implements EndpointOwner {
  private readonly endpoint: Endpoint;
  private readonly unsent = new ByteQueue();
  private isPaused: boolean;
  private isEnding = false;
  private whenSent: (() => void)[] = [];

  constructor(endpoint: Endpoint, options: RawPeerOptions) {
    super(options);
    this.endpoint = endpoint;
    this.isPaused = options.paused ?? false;
    endpoint.owner = this;
    this.inputChanged();
  }

  get localAddress(): Address {
    return this.endpoint.local;
  }

  get remoteAddress(): Address {
    return this.endpoint.remote;
  }

  get unsentBytes(): number {
    return this.unsent.length;
  }

  write(data: Uint8Array | string): void {
    this.unsent.push(Buffer.from(data as string));
    this.flush();
  }

  end(): Promise<void> {
    this.isEnding = true;
    return new Promise((resolve) => {
      this.whenSent.push(resolve);
      this.flush();
    });
  }

  async reset(): Promise<void> {
    this.endpoint.reset();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.inputChanged();
  }

  async destroy(): Promise<void> {
    this.endpoint.close();
  }

  inputChanged(): void {
    if (this.endpoint.hasError) this.flush();
    while (!this.isPaused && !this.ended && this.error === null) {
      const result = this.endpoint.receive(64 * 1024);
      if (result === EAGAIN) return;
      if (typeof result !== 'number') this.gotData(result);
      else if (result === 0) this.gotEnd();
      else this.failed(result, 'read');
    }
  }

  outputChanged(): void {
    this.flush();
  }

  private flush(): void {
    while (this.unsent.length > 0 && this.error === null) {
      const result = this.endpoint.send(this.unsent.peek(Infinity));
      if (result === EAGAIN) return;
      if (result < 0) this.failed(result, 'write');
      else this.unsent.take(result);
    }
    if (!this.isEnding) return;
    this.endpoint.shutdown();
    for (const resolve of this.whenSent.splice(0)) resolve();
  }

  private failed(errno: number, syscall: string): void {
    this.unsent.clear();
    this.gotError(systemError(errno, syscall));
  }
}
