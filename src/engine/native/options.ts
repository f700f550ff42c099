import { systemError } from '../../errors.js';
import { findOption, optionLevels } from '../../options/catalogue.js';
import { refusedByKernel } from '../../options/error.js';
import type { OptionCall } from '../../options/plan.js';
import type { Loop } from './loop.js';

/** setsockopt(2) as planned; throws a `SocketOptionError` when the kernel refuses. */
export function setOption(loop: Loop, fd: number, call: OptionCall): void {
  const failed = loop.native.setsockopt(fd, call.level, call.option, call.value);
  if (failed < 0) throw refusedByKernel(call, systemError(failed, 'setsockopt'));
}

const quickAck = findOption('TCP_QUICKACK')!;
const on = Buffer.from(Int32Array.of(1).buffer);

/** The kernel clears TCP_QUICKACK by itself; setting it again can only fail on a connection that is gone. */
export function rearmQuickAck(loop: Loop, fd: number): void {
  loop.native.setsockopt(fd, optionLevels[quickAck.level], quickAck.number, on);
}
