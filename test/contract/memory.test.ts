import { contractTests } from 'hawser/testing';
import { memorySetup } from './memory-setup.js';

/** Of a size like a kernel's: the suite counts on that and fills them with megabytes. */
const BUFFER_BYTES = 1024 * 1024;

contractTests(
  memorySetup(
    {
      chunks: 'whole',
      maxDelayMs: 0,
      sendBufferBytes: BUFFER_BYTES,
      receiveBufferBytes: BUFFER_BYTES,
    },
    {},
  ),
);
