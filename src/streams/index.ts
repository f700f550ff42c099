export type { Connection, Decoder } from './connection.js';
export { type TransportDuplex, toDuplex } from './duplex.js';
export { IncompleteReadError, LimitOverrunError } from './errors.js';
export { type OpenOptions, open } from './open.js';
export { type ConnectionHandler, type ServeOptions, serve } from './serve.js';
