export type { Codec, LimitOptions } from './codec.js';
export { type DelimitedOptions, delimited } from './delimited.js';
export {
  LocalProtocolError,
  RemoteProtocolError,
  type RemoteProtocolErrorCode,
} from './errors.js';
export { fixedLength } from './fixed-length.js';
export { FramedProtocol, framed } from './framed.js';
export { jsonLines } from './json-lines.js';
export { type LengthPrefixedOptions, lengthPrefixed } from './length-prefixed.js';
export { type LineOptions, lines } from './lines.js';
export { netstrings } from './netstrings.js';
export { varintPrefixed } from './varint-prefixed.js';
