import { systemError } from '../../errors.js';
import { refusedByKernel } from '../../options/error.js';
import type { OptionCall } from '../../options/plan.js';
import type { Loop } from './loop.js';

/** setsockopt(2) as planned; throws a `SocketOptionError` when the kernel refuses. */
export function setOption(loop: Loop, fd: number, call: OptionCall): void {
  const failed = loop.native.setsockopt(fd, call.level, call.option, call.value);
  if (failed < 0) throw refusedByKernel(call, systemError(failed, 'setsockopt'));
}
