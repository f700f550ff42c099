export type SocketOptionName = string;
export type SettableOptionName = string;
// biome-ignore lint/suspicious/noExplicitAny: placeholder
export type SocketOptionValue<_K> = any;
export type SocketOptions = Record<string, unknown>;
export interface OptionReport {
  readonly name: string;
}
