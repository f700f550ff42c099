export {
  type Address,
  type IpAddress,
  ipAddress,
  type UnixAddress,
  unixAddress,
} from './address.js';
export type { MinReadRate } from './clock.js';
export { type ConnectOptions, connect } from './connect.js';
export type { Engine } from './engine/engine.js';
export { type EngineChoice, type EngineReport, explainEngine } from './engine/select.js';
export type { SystemError } from './errors.js';
export { type ListenFd, listenFds } from './listen-fds.js';
export {
  type OptionReport,
  type SettableOptionName,
  type SocketOptionName,
  type SocketOptions,
  type SocketOptionValue,
  socketOptions,
} from './options/catalogue.js';
export type { Linger, PortRange, TimeValue } from './options/codec.js';
export { SocketOptionError } from './options/error.js';
export type { TcpInfo } from './options/tcp-info.js';
export type { BufferedProtocol, Protocol, ProtocolFactory } from './protocol.js';
export { createServer, type Server, type ServerOptions } from './server.js';
export type { CloseCause, RefusalCause, ServerStats } from './stats.js';
export type { ListenerSocket, Transport, TransportSocket, WriteBufferLimits } from './transport.js';
