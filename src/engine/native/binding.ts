/** What native/constants.c exports: kernel numbers, and the layout of the memory both sides share. */
export interface NativeConstants {
  readonly CTL_EPOCH: number;
  readonly CTL_OPS: number;
  readonly CTL_OUT_USED: number;
  readonly CTL_SETTLE: number;
  readonly CTL_SLAB_USED: number;
  readonly CTL_READ_MAX: number;
  readonly CTL_SLAB_LOW: number;
  readonly CTL_POOL_USED: number;
  readonly CTL_SMALL_MAX: number;
  readonly CTL_SLOTS: number;
  readonly RECORD_INTS: number;
  readonly MAX_RECORDS: number;
  readonly REC_DATA: number;
  readonly REC_SMALL: number;
  readonly REC_EVENT: number;
  readonly OP_INTS: number;
  readonly MAX_OPS: number;
  readonly ACCEPT_BYTES: number;
  readonly MAX_ACCEPT: number;
  readonly MODE_EVENT: number;
  readonly MODE_RECEIVE: number;
  readonly MODE_QUICKACK: number;
  readonly EPOLLIN: number;
  readonly EPOLLOUT: number;
  readonly EPOLLERR: number;
  readonly EPOLLHUP: number;
  readonly EPOLL_CTL_ADD: number;
  readonly EPOLL_CTL_MOD: number;
  readonly EPOLL_CTL_DEL: number;
  readonly AF_UNIX: number;
  readonly AF_INET: number;
  readonly AF_INET6: number;
  readonly SOL_SOCKET: number;
  readonly SO_ERROR: number;
  readonly SO_REUSEADDR: number;
  readonly SO_REUSEPORT: number;
  readonly IPPROTO_IPV6: number;
  readonly IPV6_V6ONLY: number;
  readonly SOCKADDR_IN_BYTES: number;
  readonly SOCKADDR_IN6_BYTES: number;
  readonly SOCKADDR_UN_BYTES: number;
  readonly SUN_PATH_OFFSET: number;
}

/**
 * The addon's whole surface. Every call returns a value >= 0 or -errno and checks
 * nothing: arguments are this side's responsibility.
 */
export interface NativeBinding {
  readonly constants: NativeConstants;

  /**
   * Starts the loop of this environment, once. The five views share one ArrayBuffer.
   * `dispatch(records)` is called when records are there, `settle(abnormal)` after a
   * flush when asked for or when `abnormal` sends did not go out whole.
   */
  start(
    control: Int32Array,
    records: Int32Array,
    ops: Int32Array,
    out: Uint8Array,
    accepted: Uint8Array,
    dispatch: (records: number) => void,
    settle: (abnormal: number) => void,
  ): number;
  /** Gives the next receive slab; returns the offset of its first whole page. */
  slab(memory: Uint8Array): number;
  /** Gives the next memory for small chunks. */
  pool(memory: Uint8Array): number;
  /** 1: keep the event loop alive; 0: do not. */
  ref(on: number): number;

  /** Sends every queued operation; returns how many did not go out whole. */
  flush(): number;
  /** Sends the operations linked from `op` on (-1: none), then `bytes`; returns the bytes sent. */
  send(fd: number, op: number, bytes: Uint8Array): number;
  /** Sends chunks from `first` on, without the first one's first `skip` bytes; returns the bytes sent. */
  sendv(fd: number, chunks: readonly Uint8Array[], first: number, skip: number): number;
  /** Receives into `bytes`, in the connection's mode; 0: end of input. */
  recv(fd: number, bytes: Uint8Array, mode: number): number;
  /** Drops up to `max` bytes of input; 0: end of input. */
  discard(fd: number, max: number): number;

  /** epoll_ctl(2): `mode` says how events are handled, `events` which. */
  watch(operation: number, fd: number, mode: number, events: number): number;
  /** socket(2): a non-blocking, close-on-exec stream socket of the family. */
  socket(family: number): number;
  /** Takes care of a descriptor made elsewhere: non-blocking, close-on-exec, closed with the environment. */
  adopt(fd: number): number;
  bind(fd: number, address: Uint8Array): number;
  connect(fd: number, address: Uint8Array): number;
  listen(fd: number, backlog: number): number;
  /** Accepts up to `max` connections into the accept table, watched for input in `mode`; returns how many. */
  accept(fd: number, max: number, mode: number): number;
  /** Writes the address; returns its length. */
  getsockname(fd: number, into: Uint8Array): number;
  /** Writes the address; returns its length. */
  getpeername(fd: number, into: Uint8Array): number;
  /** Writes the value; returns its length. */
  getsockopt(fd: number, level: number, option: number, into: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): number;
  /** shutdown(2) of the write side. */
  shutdown(fd: number): number;
  /** FIONREAD: bytes that wait to be received. */
  unread(fd: number): number;
  /** close(2); with `reset` 1 unsent data is dropped and the peer sees RST. */
  close(fd: number, reset: number): number;
}
