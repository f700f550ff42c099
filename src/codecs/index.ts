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
export type { ProxyHeader, ProxyTls, ProxyTlv } from './proxy-header.js';
export { proxyProtocol } from './proxy-protocol.js';
export { RespCodec, type RespOptions, resp } from './resp.js';
export {
  RespAttributed,
  RespDouble,
  type RespEncoding,
  RespError,
  type RespInput,
  RespPush,
  RespSimple,
  type RespValue,
  RespVerbatim,
} from './resp-values.js';
export { varintPrefixed } from './varint-prefixed.js';
