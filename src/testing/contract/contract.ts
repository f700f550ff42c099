import { accepting } from './groups/accepting.js';
import { buffered } from './groups/buffered.js';
import { client } from './groups/client.js';
import { closing } from './groups/closing.js';
import { connecting } from './groups/connecting.js';
import { descriptors } from './groups/descriptors.js';
import { draining } from './groups/draining.js';
import { ending } from './groups/ending.js';
import { failures } from './groups/failures.js';
import { fairness } from './groups/fairness.js';
import { flow } from './groups/flow.js';
import { flowUse } from './groups/flow-use.js';
import { halfClose } from './groups/half-close.js';
import { identity } from './groups/identity.js';
import { listening } from './groups/listening.js';
import { order } from './groups/order.js';
import { pausing } from './groups/pausing.js';
import { peerReset } from './groups/peer-reset.js';
import { reading } from './groups/reading.js';
import { rejections } from './groups/rejections.js';
import { sameTurn } from './groups/same-turn.js';
import { serverOptions } from './groups/server-options.js';
import { serving } from './groups/serving.js';
import { socketOptions } from './groups/socket-options.js';
import { stats } from './groups/stats.js';
import { swapping } from './groups/swapping.js';
import { unix } from './groups/unix.js';
import { writeCounts } from './groups/write-counts.js';
import { writeValues } from './groups/write-values.js';
import { writing } from './groups/writing.js';
import type { PromiseGroup } from './promise.js';

/** Every promise about transports and servers, by subject. */
export const contract: readonly PromiseGroup[] = [
  order,
  reading,
  pausing,
  writing,
  writeValues,
  writeCounts,
  flow,
  flowUse,
  halfClose,
  closing,
  ending,
  peerReset,
  failures,
  rejections,
  swapping,
  buffered,
  sameTurn,
  identity,
  serving,
  listening,
  serverOptions,
  accepting,
  draining,
  stats,
  fairness,
  unix,
  descriptors,
  client,
  connecting,
  socketOptions,
];
