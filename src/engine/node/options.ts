/*
 * Socket options under node:net.
 *
 * Facts it relies on:
 * - `net.Server.listen` makes the socket, binds it and listens in one go, and
 *   `net.connect` makes it and connects: there is no moment before bind, before
 *   listen or before connect.
 * - Where the addon is loaded, its setsockopt(2) works on the descriptor that
 *   node:net holds, from just after listen(2) or connect(2) on.
 * - A client may complete its handshake between listen(2) and those calls. What a
 *   connection can be given late is therefore set on the listener and on every
 *   connection; only what has its effect in the handshake (SO_RCVBUF's window
 *   scale, TCP_DEFER_ACCEPT) is missing from connections made in those microseconds.
 * - Without the addon, Node offers `setNoDelay` and `setKeepAlive`, which set and
 *   cannot read. Setting an idle time also sets TCP_KEEPINTVL to 1 and TCP_KEEPCNT
 *   to 10, unless both are given, which needs Node 24.19 or 26.4.
 */
import { Socket } from 'node:net';
import { systemError } from '../../errors.js';
import type { OptionCalls } from '../../options/access.js';
import { findOption, optionLevels } from '../../options/catalogue.js';
import { refusedByKernel, SocketOptionError } from '../../options/error.js';
import type { OptionCall, OptionPlan } from '../../options/plan.js';
import { descriptorOf } from './handle.js';

/** The cure for everything node:net cannot do. */
export const nativeCure =
  "the native engine can: engine 'native', on Linux, built by `npm run build:native`";

/** The calls of a plan, by the sockets they are made on. */
export interface NodePlan {
  /** On the listening socket, just after it listens. */
  readonly onListener: readonly OptionCall[];
  /** On every connection, before its protocol hears of it. */
  readonly onConnection: readonly OptionCall[];
}

/**
 * What becomes of a server's plan.
 * @throws SocketOptionError for what node:net cannot do
 */
export function nodeServerPlan(plan: OptionPlan, calls: OptionCalls | null): NodePlan {
  const { beforeBind, beforeListen, perConnection } = plan;
  for (const call of [...beforeBind, ...beforeListen]) {
    if (stageOf(call) === 'before bind') throw tooLate(call, 'binds as soon as it has a socket');
  }
  if (calls === null) {
    for (const call of beforeBind) {
      throw beyondNode(call, 'node:net sets no options on a listener');
    }
    const onConnection = [...beforeListen, ...perConnection];
    checkNodeOptions(askedOf(onConnection));
    return { onListener: [], onConnection };
  }
  const late = beforeListen.filter(
    (call) => stageOf(call) === 'any time' && !staysOnListener(call),
  );
  return {
    onListener: [...beforeBind, ...beforeListen],
    onConnection: [...late, ...perConnection],
  };
}

/**
 * What becomes of a client's plan.
 * @throws SocketOptionError for what node:net cannot do
 */
export function nodeClientPlan(plan: OptionPlan, calls: OptionCalls | null): NodePlan {
  const onConnection = [...plan.beforeConnect, ...plan.perConnection];
  for (const call of onConnection) {
    if (stageOf(call) !== 'any time') throw tooLate(call, 'connects as soon as it has a socket');
  }
  if (calls === null) checkNodeOptions(askedOf(onConnection));
  return { onListener: [], onConnection };
}

/** Keeps TCP_QUICKACK on; it takes setsockopt(2), so the addon. */
export function checkQuickAck(quickAck: boolean, calls: OptionCalls | null): void {
  if (!quickAck || calls !== null) return;
  throw beyondNode({ name: 'TCP_QUICKACK', asked: true }, 'node:net cannot set it');
}

/** setsockopt(2) as planned. */
export function setByKernel(calls: OptionCalls, fd: number, planned: readonly OptionCall[]): void {
  for (const call of planned) {
    const failed = calls.setsockopt(fd, call.level, call.option, call.value);
    if (failed < 0) throw refusedByKernel(call, systemError(failed, 'setsockopt'));
  }
}

const quickAck = findOption('TCP_QUICKACK')!;
const on = Buffer.from(Int32Array.of(1).buffer);

/** The kernel clears TCP_QUICKACK by itself; it can only fail on a connection that is gone. */
export function rearmQuickAck(calls: OptionCalls, socket: Socket): void {
  const fd = descriptorOf(socket);
  if (fd >= 0) calls.setsockopt(fd, optionLevels[quickAck.level], quickAck.number, on);
}

/** What Node itself can set, as far as it is in `asked`, by the kernel's names. */
export function setByNode(socket: Socket, asked: ReadonlyMap<string, unknown>): void {
  const noDelay = asked.get('TCP_NODELAY');
  if (noDelay !== undefined) socket.setNoDelay(noDelay === true);
  const keepAlive = asked.get('SO_KEEPALIVE');
  if (keepAlive === undefined) return;
  const delay = milliseconds(asked.get('TCP_KEEPIDLE')) ?? 0;
  const interval = milliseconds(asked.get('TCP_KEEPINTVL'));
  const set: (enable: boolean, delay: number, interval?: number, count?: unknown) => void =
    socket.setKeepAlive.bind(socket);
  if (interval === undefined) set(keepAlive === true, delay);
  else set(keepAlive === true, delay, interval, asked.get('TCP_KEEPCNT'));
}

function milliseconds(seconds: unknown): number | undefined {
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** @throws SocketOptionError unless Node can set all of them together */
export function checkNodeOptions(asked: ReadonlyMap<string, unknown>): void {
  for (const [name, value] of asked) {
    const problem = problemForNode(name, asked);
    if (problem !== undefined) throw beyondNode({ name, asked: value }, problem);
  }
}

function problemForNode(name: string, asked: ReadonlyMap<string, unknown>): string | undefined {
  switch (name) {
    case 'TCP_NODELAY':
    case 'SO_KEEPALIVE':
      return undefined;
    case 'TCP_KEEPIDLE':
      return asked.get('SO_KEEPALIVE') === true
        ? undefined
        : 'node:net sets it only together with SO_KEEPALIVE';
    case 'TCP_KEEPINTVL':
    case 'TCP_KEEPCNT':
      if (Socket.prototype.setKeepAlive.length < 4) {
        return `node:net of Node ${process.versions.node} cannot set it (24.19 and 26.4 can)`;
      }
      return keepAliveParts.every((part) => asked.has(part))
        ? undefined
        : `node:net sets ${keepAliveParts.join(', ')} only together`;
    default:
      return 'node:net cannot set it';
  }
}

const keepAliveParts = ['SO_KEEPALIVE', 'TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT'];

/** What was asked for, by name. */
export function askedOf(calls: readonly OptionCall[]): Map<string, unknown> {
  return new Map(calls.map((call) => [call.name, call.asked]));
}

function stageOf(call: OptionCall) {
  return findOption(call.name)?.stage ?? 'any time';
}

function staysOnListener(call: OptionCall): boolean {
  return findOption(call.name)?.role === 'listener';
}

function tooLate(call: OptionCall, why: string): SocketOptionError {
  return beyondNode(call, `it must be set ${stageOf(call)}, and node:net ${why}`);
}

/** The error for what node:net cannot do with an option. */
export function beyondNode(
  call: { readonly name: string; readonly asked?: unknown },
  problem: string,
): SocketOptionError {
  return new SocketOptionError({
    option: call.name,
    value: call.asked,
    problem: `the node engine cannot do that: ${problem}`,
    cure: nativeCure,
  });
}
