/**
 * Which setsockopt(2) call is made on which socket, and when.
 *
 * Facts it relies on: an accepted socket is a copy of its listener as it is when the
 * handshake completes, so an option that is set between bind(2) and listen(2) is on
 * every connection without a call per connection. The exceptions are in the
 * catalogue: SO_PRIORITY starts at 0 again, listen(2) itself resets TCP_QUICKACK,
 * TCP_DEFER_ACCEPT and TCP_FASTOPEN stay on the listener, and what needs an
 * established connection (TCP_ULP, TCP_REPAIR) cannot be on a listener at all.
 */
import {
  optionLevels,
  type SocketFamily,
  type SocketOption,
  type SocketOptions,
} from './catalogue.js';
import { encodeOption } from './codec.js';
import { SocketOptionError } from './error.js';
import { settableOption } from './lookup.js';

export { explainPlan } from './explain.js';

/** One setsockopt(2) call. */
export interface OptionCall {
  readonly name: string;
  readonly level: number;
  readonly option: number;
  readonly value: Buffer;
  /** What the caller asked for, for messages and reports. */
  readonly asked: unknown;
}

/** Which call is made on which socket at which stage. */
export interface OptionPlan {
  /** On the listener, between socket(2) and bind(2). */
  readonly beforeBind: readonly OptionCall[];
  /** On the listener, between bind(2) and listen(2); accepted sockets inherit them. */
  readonly beforeListen: readonly OptionCall[];
  /** On a client's socket, before connect(2). */
  readonly beforeConnect: readonly OptionCall[];
  /** On every accepted (or connected) socket: what the kernel does not inherit. */
  readonly perConnection: readonly OptionCall[];
}

/** What a server's plan is made from. */
export interface ServerOptionRequest {
  readonly listenerOptions?: SocketOptions | undefined;
  readonly connectionOptions?: SocketOptions | undefined;
  readonly quickAck?: boolean | undefined;
  /** Whether TCP connections get TCP_NODELAY unless the options say otherwise. */
  readonly noDelayDefault: boolean;
  /** The family of this listener. */
  readonly family: SocketFamily;
  /**
   * The families of all listeners of the server. An option that fits one of them but
   * not `family` is left out of this plan; one that fits none is refused.
   */
  readonly families?: readonly SocketFamily[] | undefined;
}

/** What a client's plan is made from. */
export interface ClientOptionRequest {
  readonly socketOptions?: SocketOptions | undefined;
  readonly quickAck?: boolean | undefined;
  readonly family: SocketFamily;
  /** The families of all addresses that may be tried, as in `ServerOptionRequest`. */
  readonly families?: readonly SocketFamily[] | undefined;
}

type Stage = keyof OptionPlan;
type Draft = Record<Stage, OptionCall[]>;

/**
 * The plan of one listener and its connections. Nothing is called yet.
 *
 * @throws SocketOptionError for an option that is unknown, out of range, or cannot
 * have its effect where it was asked for
 */
export function planServerOptions(request: ServerOptionRequest): OptionPlan {
  const { family, families = [family], quickAck, noDelayDefault } = request;
  const draft: Draft = { beforeBind: [], beforeListen: [], beforeConnect: [], perConnection: [] };
  const listener = new Map<string, OptionCall>();
  for (const [option, value] of given(request.listenerOptions, families)) {
    refuseOnListener(option, value);
    const call = callFor(option, value);
    if (!option.families.includes(family)) continue;
    listener.set(option.name, call);
    draft[option.stage === 'before listen' ? 'beforeListen' : 'beforeBind'].push(call);
  }
  let noDelaySaid = listener.has('TCP_NODELAY');
  for (const [option, value] of given(request.connectionOptions, families)) {
    refuseOnConnection(option, value);
    const call = callFor(option, value);
    if (!option.families.includes(family)) continue;
    draft[connectionStage(option, call, listener.get(option.name))].push(call);
    noDelaySaid ||= option.name === 'TCP_NODELAY';
  }
  if (noDelayDefault && !noDelaySaid && family !== 'unix') {
    draft.beforeListen.unshift(callFor(settableOption('TCP_NODELAY', true), true));
  }
  refuseQuickAck(quickAck, families, draft);
  return draft;
}

/**
 * The plan of one client socket. TCP connections get TCP_NODELAY unless the options
 * say otherwise.
 *
 * @throws SocketOptionError as `planServerOptions` does
 */
export function planClientOptions(request: ClientOptionRequest): OptionPlan {
  const { family, families = [family], quickAck } = request;
  const draft: Draft = { beforeBind: [], beforeListen: [], beforeConnect: [], perConnection: [] };
  let noDelaySaid = false;
  for (const [option, value] of given(request.socketOptions, families)) {
    if (option.role === 'listener') {
      throw misplaced(
        option,
        value,
        'it is for listening sockets',
        'leave it out of socketOptions',
      );
    }
    const call = callFor(option, value);
    if (!option.families.includes(family)) continue;
    draft[option.role === 'connection' ? 'perConnection' : 'beforeConnect'].push(call);
    noDelaySaid ||= option.name === 'TCP_NODELAY';
  }
  if (!noDelaySaid && family !== 'unix') {
    draft.beforeConnect.unshift(callFor(settableOption('TCP_NODELAY', true), true));
  }
  refuseQuickAck(quickAck, families, draft);
  return draft;
}

/** The options that were given, checked for name, access and family. */
function given(
  options: SocketOptions | undefined,
  families: readonly SocketFamily[],
): [SocketOption, unknown][] {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return entries.map(([name, value]) => {
    const option = settableOption(name, value);
    if (!option.families.some((fitting) => families.includes(fitting))) {
      throw misplaced(
        option,
        value,
        `it is for ${option.families.join(' and ')} sockets, and this is ${families.join(' and ')}`,
        'leave it out',
      );
    }
    return [option, value];
  });
}

function callFor(option: SocketOption, value: unknown): OptionCall {
  return {
    name: option.name,
    level: optionLevels[option.level],
    option: option.number,
    value: encodeOption(option, value),
    asked: value,
  };
}

function refuseOnListener(option: SocketOption, value: unknown): void {
  if (option.role !== 'connection') return;
  throw misplaced(
    option,
    value,
    'it has no effect on a listener, or is refused there',
    option.name === 'TCP_QUICKACK'
      ? 'use the server option quickAck: true'
      : 'give it in connectionOptions',
  );
}

function refuseOnConnection(option: SocketOption, value: unknown): void {
  if (option.role !== 'listener' || option.inherited === 'yes') return;
  throw misplaced(
    option,
    value,
    'it is for the listener, and connections do not inherit it',
    'give it in listenerOptions',
  );
}

/** Where a connection's option is set: on the listener if that reaches the connection. */
function connectionStage(
  option: SocketOption,
  call: OptionCall,
  onListener: OptionCall | undefined,
): Stage {
  const conflict = onListener !== undefined && !onListener.value.equals(call.value);
  if (option.stage === 'before bind') {
    if (!conflict) return 'beforeBind';
    throw misplaced(
      option,
      call.asked,
      'listenerOptions say otherwise, and it cannot be changed after bind',
      'give it in one of the two only',
    );
  }
  const inherited = option.inherited !== 'no' && option.role !== 'connection';
  return inherited && !conflict ? 'beforeListen' : 'perConnection';
}

function refuseQuickAck(
  quickAck: boolean | undefined,
  families: readonly SocketFamily[],
  plan: OptionPlan,
): void {
  if (!quickAck) return;
  const option = settableOption('TCP_QUICKACK', true);
  if (families.every((family) => family === 'unix')) {
    throw misplaced(option, true, 'quickAck is for TCP, and this is a unix socket', 'leave it out');
  }
  if (plan.perConnection.some((call) => call.name === 'TCP_QUICKACK' && call.asked === false)) {
    throw misplaced(option, false, 'quickAck: true says otherwise', 'give one of the two only');
  }
}

function misplaced(
  option: SocketOption,
  value: unknown,
  problem: string,
  cure: string,
): SocketOptionError {
  return new SocketOptionError({ option: option.name, value, problem, cure });
}
