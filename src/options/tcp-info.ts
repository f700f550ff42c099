export interface TcpInfo {
  readonly state: string;
}
