import type { Address } from '../../address.js';
import { KernelSocket, type SocketKind } from '../../options/access.js';
import type { OptionCall } from '../../options/plan.js';
import type { ListenerSocket } from '../../transport.js';
import type { OptionTable } from './option-table.js';

/** What stands for "open" where the access code expects a descriptor. */
const OPEN = 0;

/** A socket of the memory network, as far as its options are concerned. */
export interface OptionHolder {
  readonly options: OptionTable;
  readonly isClosed: boolean;
}

/** The same checks, codec and report as for a kernel's socket, over an `OptionTable`. */
export class MemorySocketAccess extends KernelSocket {
  constructor(holder: OptionHolder, kind: SocketKind, asked: readonly OptionCall[]) {
    const calls = {
      getsockopt: (_: number, level: number, option: number, into: Buffer) =>
        holder.options.get(level, option, into),
      setsockopt: (_: number, level: number, option: number, value: Buffer) => {
        holder.options.set(level, option, value);
        return 0;
      },
    };
    super({ calls, fd: () => (holder.isClosed ? -1 : OPEN), kind, asked });
  }

  /** The memory engine has no descriptors. */
  override get fd(): number {
    return -1;
  }
}

/** The same for a listener. */
export class MemoryListenerAccess extends MemorySocketAccess implements ListenerSocket {
  readonly address: Address;

  constructor(holder: OptionHolder, asked: readonly OptionCall[], address: Address) {
    super(holder, 'listener', asked);
    this.address = address;
  }
}
