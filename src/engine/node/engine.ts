import type { Transport } from '../../transport.js';
import type {
  ConnectionOwner,
  DialRequest,
  Engine,
  Listener,
  ListenerOwner,
  ListenRequest,
} from '../engine.js';

/** placeholder */
export class NodeEngine implements Engine {
  readonly name = 'node';
  listen(_request: ListenRequest, _owner: ListenerOwner): Promise<Listener> {
    throw new Error('not yet');
  }
  dial(_request: DialRequest, _owner: ConnectionOwner): Promise<Transport> {
    throw new Error('not yet');
  }
}
