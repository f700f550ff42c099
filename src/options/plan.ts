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
