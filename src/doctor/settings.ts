/** What is to be judged: a server's settings in the kernel's terms, wherever they came from. */
export interface ServerSettings {
  /** How the user writes settings, so that a cure can be given in the same words. */
  readonly form: 'flags' | 'options';
  /** Empty: every interface, both families. null: unknown, the listener comes from elsewhere. */
  readonly hosts: readonly string[] | null;
  readonly port: number;
  /** A unix socket: no TCP rule applies. */
  readonly path: string | null;
  readonly backlog: number;
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly ipv6Only: boolean;
  /** null: unlimited. */
  readonly maxConnections: number | null;
  /** TCP_QUICKACK is kept on for the connection's life. */
  readonly quickAck: boolean;
  /** Socket options by the kernel's name, of listener and connections together. */
  readonly options: ReadonlyMap<string, unknown>;
  readonly engine: 'auto' | 'native' | 'node';
  /** The server ends each connection after one exchange, so connections never idle. */
  readonly closesEarly: boolean;
  /** Processes or threads that share the port. */
  readonly workers: number;
  /** The link to the farthest client that must be fast; null: not told. */
  readonly link: { readonly bandwidthMbit: number; readonly rttMs: number } | null;
}
