const noFiles = 'a path is only a name in a memory network: there is no file';
const noDescriptors = 'a memory network has no descriptors';

/** What a network without a kernel cannot promise. */
export const memoryExceptions: Readonly<Record<string, string>> = {
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
