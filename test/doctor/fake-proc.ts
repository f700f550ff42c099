import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * A /proc of a machine in good order, as Linux 6.18 shows it, in a directory of its own.
 * Each test changes what it is about.
 */
const HEALTHY_SYSCTLS: Record<string, string> = {
  'fs.file-nr': '768\t0\t2466186',
  'fs.nr_open': '1048576',
  'net.core.default_qdisc': 'fq',
  'net.core.netdev_max_backlog': '1000',
  'net.core.rmem_default': '212992',
  'net.core.rmem_max': '4194304',
  'net.core.somaxconn': '4096',
  'net.core.wmem_default': '212992',
  'net.core.wmem_max': '4194304',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_local_reserved_ports': '',
  'net.ipv4.ip_nonlocal_bind': '0',
  'net.ipv4.ip_unprivileged_port_start': '1024',
  'net.ipv4.tcp_abort_on_overflow': '0',
  'net.ipv4.tcp_allowed_congestion_control': 'reno cubic',
  'net.ipv4.tcp_autocorking': '0',
  'net.ipv4.tcp_available_congestion_control': 'reno cubic bbr',
  'net.ipv4.tcp_congestion_control': 'cubic',
  'net.ipv4.tcp_dsack': '1',
  'net.ipv4.tcp_fastopen': '3',
  'net.ipv4.tcp_fin_timeout': '30',
  'net.ipv4.tcp_keepalive_intvl': '75',
  'net.ipv4.tcp_keepalive_probes': '9',
  'net.ipv4.tcp_keepalive_time': '7200',
  'net.ipv4.tcp_max_orphans': '131072',
  'net.ipv4.tcp_max_syn_backlog': '2048',
  'net.ipv4.tcp_max_tw_buckets': '131072',
  'net.ipv4.tcp_mem': '287901\t383868\t575802',
  'net.ipv4.tcp_migrate_req': '1',
  'net.ipv4.tcp_moderate_rcvbuf': '1',
  'net.ipv4.tcp_mtu_probing': '1',
  'net.ipv4.tcp_notsent_lowat': '131072',
  'net.ipv4.tcp_orphan_retries': '3',
  'net.ipv4.tcp_pingpong_thresh': '1',
  'net.ipv4.tcp_retries2': '8',
  'net.ipv4.tcp_rfc1337': '1',
  'net.ipv4.tcp_rmem': '4096\t131072\t33554432',
  'net.ipv4.tcp_sack': '1',
  'net.ipv4.tcp_slow_start_after_idle': '0',
  'net.ipv4.tcp_syn_linear_timeouts': '4',
  'net.ipv4.tcp_syn_retries': '3',
  'net.ipv4.tcp_synack_retries': '2',
  'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.tcp_timestamps': '1',
  'net.ipv4.tcp_tw_reuse': '2',
  'net.ipv4.tcp_window_scaling': '1',
  'net.ipv4.tcp_wmem': '4096\t16384\t4194304',
  'net.ipv6.bindv6only': '0',
  'net.netfilter.nf_conntrack_count': '0',
  'net.netfilter.nf_conntrack_max': '262144',
  'net.netfilter.nf_conntrack_tcp_timeout_established': '432000',
};

/** The row of /proc/PID/limits that counts, between two that do not. */
export function limitsText(soft: number | string, hard: number | string = soft): string {
  return [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    `Max open files            ${String(soft).padEnd(20)} ${String(hard).padEnd(20)} files     `,
    'Max pending signals       96365                96365                signals   ',
    '',
  ].join('\n');
}

/** /proc/net/netstat with TcpExt counters. */
export function netstatText(counters: Record<string, number>): string {
  const names = ['SyncookiesSent', 'ListenOverflows', 'ListenDrops', 'TCPTimeWaitOverflow'];
  const all = { ...Object.fromEntries(names.map((name) => [name, 0])), ...counters };
  return [
    `TcpExt: ${Object.keys(all).join(' ')}`,
    `TcpExt: ${Object.values(all).join(' ')}`,
    'IpExt: InNoRoutes InOctets',
    'IpExt: 0 4711',
    '',
  ].join('\n');
}

/** /proc/net/sockstat. */
export function sockstatText(use: { orphan?: number; tw?: number; mem?: number }): string {
  const { orphan = 0, tw = 0, mem = 0 } = use;
  return `sockets: used 14\nTCP: inuse 5 orphan ${orphan} tw ${tw} alloc 7 mem ${mem}\nUDP: inuse 0 mem 0\n`;
}

/** /proc/PID/status with effective capabilities. */
export function statusText(capabilities: bigint): string {
  return `Name:\tnode\nCapEff:\t${capabilities.toString(16).padStart(16, '0')}\nThreads:\t11\n`;
}

const HEALTHY_FILES: Record<string, string> = {
  'net/netstat': netstatText({}),
  'net/snmp':
    'Tcp: RtoAlgorithm MaxConn ActiveOpens RetransSegs InErrs\nTcp: 1 -1 3 0 0\nUdp: InDatagrams\nUdp: 0\n',
  'net/sockstat': sockstatText({}),
  'net/softnet_stat': '0000001a 00000000 00000000 00000000\n0000001b 00000000 00000000 00000000\n',
  'self/limits': limitsText(20_000),
  'self/status': statusText(0x1ffffffffffn),
};

/** A fake machine; `proc` is its /proc. */
export class FakeMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'hawser-doctor-'));
  readonly proc = join(this.root, 'proc');

  constructor() {
    for (const [name, value] of Object.entries(HEALTHY_SYSCTLS)) this.sysctl(name, value);
    for (const [path, text] of Object.entries(HEALTHY_FILES)) this.file(path, text);
  }

  /** Where a sysctl's file is. */
  sysctlPath(name: string): string {
    return join(this.proc, 'sys', name.replaceAll('.', '/'));
  }

  sysctl(name: string, value: string | number): this {
    return this.#write(this.sysctlPath(name), `${value}\n`);
  }

  /** A file below /proc. */
  file(path: string, text: string | Buffer): this {
    return this.#write(join(this.proc, path), text);
  }

  /** Takes a file or folder away. */
  without(path: string): this {
    rmSync(join(this.proc, path), { recursive: true });
    return this;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #write(path: string, text: string | Buffer): this {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return this;
  }
}

/** The sysctls that a healthy machine has. */
export const FAKE_SYSCTL_NAMES: readonly string[] = Object.keys(HEALTHY_SYSCTLS);
