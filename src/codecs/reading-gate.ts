import type { Transport } from '../transport.js';

/**
 * Takes over the reading switch of a paused transport while messages that are already decoded
 * wait: the transport knows nothing of them and would not call when it is
 * switched on again and the peer sends nothing more. The transport itself stays paused until the
 * gate opens, so that nothing is read meanwhile and the memory stays bounded.
 *
 * `onOpen` is called once, from a microtask after `transport.resumeReading()`, with the
 * switch given back and reading on; never when the transport closes first.
 */
export function gateReading(transport: Transport, onOpen: () => void): void {
  let wanted = false;

  function open(): void {
    if (!wanted || transport.isClosing) return;
    wanted = false;
    for (const name of Object.keys(gate)) Reflect.deleteProperty(transport, name);
    transport.resumeReading();
    onOpen();
  }

  const gate: PropertyDescriptorMap = {
    isReading: { configurable: true, get: () => wanted && !transport.isClosing },
    pauseReading: {
      configurable: true,
      value: () => {
        wanted = false;
      },
    },
    resumeReading: {
      configurable: true,
      value: () => {
        wanted = true;
        queueMicrotask(open);
      },
    },
  };
  Object.defineProperties(transport, gate);
}
