import { contractTests } from 'hawser/testing';
import { memorySetup } from './memory-setup.js';

/** Of a size like a kernel's: the suite counts on that and fills them with megabytes. */
const BUFFER_BYTES = 1024 * 1024;

const noFiles = 'a path is only a name in a memory network: there is no file';
const noDescriptors = 'a memory network has no descriptors';

const exceptions = {
  'unix/file-removed': noFiles,
  'unix/stale-replaced': noFiles,
  'unix/other-file-refused': noFiles,
  'unix/only-ours-removed': noFiles,
  'unix/file-gone': noFiles,
  'unix/mode': noFiles,
  'unix/no-folder': noFiles,
  'descriptors/listening': noDescriptors,
  'descriptors/listening-closed': noDescriptors,
  'descriptors/queued': noDescriptors,
  'descriptors/connected-refused': noDescriptors,
  'descriptors/client': noDescriptors,
  'descriptors/client-not-connected': noDescriptors,
  'socket-options/tcp-info': 'a memory network has no congestion control to tell of',
};

contractTests(
  memorySetup(
    {
      chunks: 'whole',
      maxDelayMs: 0,
      sendBufferBytes: BUFFER_BYTES,
      receiveBufferBytes: BUFFER_BYTES,
    },
    exceptions,
  ),
);
