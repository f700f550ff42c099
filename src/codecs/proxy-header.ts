import type { Address } from '../address.js';

/** One TLV of a version 2 header that has no field of its own in {@link ProxyHeader}. */
export interface ProxyTlv {
  /** 0 to 255; 0xE0 to 0xEF are the application's own. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** What the proxy says about the client's TLS (PP2_TYPE_SSL). */
export interface ProxyTls {
  /** The client came by TLS. */
  readonly encrypted: boolean;
  /** The client gave a certificate on this connection, or on this TLS session. */
  readonly certificate: { readonly connection: boolean; readonly session: boolean };
  /** The `verify` field: 0 when the client's certificate was given and verified. */
  readonly verifyResult: number;
  /** As in `TLSv1.3`. */
  readonly version?: string;
  readonly cipher?: string;
  /** How the proxy's own certificate was signed, as in `RSA-SHA256`, and its key, as in `RSA2048`. */
  readonly signatureAlgorithm?: string;
  readonly keyAlgorithm?: string;
  /** Common name in the client's certificate. */
  readonly commonName?: string;
}

/**
 * What a proxy says about the connection it passes on (PROXY protocol,
 * haproxy.org/download/3.0/doc/proxy-protocol.txt).
 *
 * It is as true as its sender is trusted: read it only from a proxy of yours, never from a port
 * that clients reach themselves.
 */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `LOCAL`: the proxy's own connection, such as a health check; the socket's own addresses are the right ones. */
  readonly command: 'PROXY' | 'LOCAL';
  /** The kind of socket that was proxied. */
  readonly protocol: 'stream' | 'datagram' | 'unspecified';
  /** The client; null where the proxy did not say (LOCAL, UNKNOWN, unspecified family). */
  readonly source: Address | null;
  /** What the client connected to; null as for `source`. */
  readonly destination: Address | null;
  /** Application protocol negotiated with the client (PP2_TYPE_ALPN), as in `h2`. */
  readonly alpn?: string;
  /** Host name the client asked for, such as TLS SNI (PP2_TYPE_AUTHORITY). */
  readonly authority?: string;
  /** The proxy's name for this connection (PP2_TYPE_UNIQUE_ID), at most 128 bytes. */
  readonly uniqueId?: Uint8Array;
  /** Linux network namespace (PP2_TYPE_NETNS). */
  readonly namespace?: string;
  readonly tls?: ProxyTls;
  /** The header had a checksum, and it was right; when encoding: write one. Default false. */
  readonly checksum?: boolean;
  /** All other TLVs, in order; padding (PP2_TYPE_NOOP) is left out. Default none. */
  readonly tlvs?: readonly ProxyTlv[];
}

/** A fault in a header: where (counted from its first byte) and what. The codec makes a `RemoteProtocolError` of it. */
export class HeaderFault extends Error {
  readonly at: number;

  constructor(at: number, fault: string) {
    super(fault);
    this.at = at;
  }
}
