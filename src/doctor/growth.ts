import type { Counters } from './facts.js';
import type { Severity } from './finding.js';

/** A counter worth watching. All count events since boot in this network namespace. */
interface Watched {
  readonly name: string;
  readonly severity: Severity;
  readonly meaning: string;
}

/** Worst first. Names as in /proc/net/netstat (TcpExt) and /proc/net/snmp (Tcp); a kernel may lack some. */
export const WATCHED: readonly Watched[] = [
  row('TcpExt.ListenOverflows', 'warning', 'accept queue full: raise the backlog or accept faster'),
  row('TcpExt.ListenDrops', 'warning', 'SYNs dropped by a listener, overflows included'),
  row('TcpExt.TCPReqQFullDrop', 'warning', 'SYN queue full and SYN cookies off'),
  row('TcpExt.TCPReqQFullDoCookies', 'warning', 'SYN queue full, cookies sent instead'),
  row('TcpExt.SyncookiesSent', 'warning', 'SYN cookies sent: a SYN flood or a short queue'),
  row('TcpExt.SyncookiesFailed', 'warning', 'invalid SYN cookies received'),
  row(
    'softnet.dropped',
    'warning',
    'packets dropped before TCP: raise net.core.netdev_max_backlog',
  ),
  row(
    'TcpExt.TCPBacklogDrop',
    'warning',
    'segments dropped: the socket was busy and its backlog full',
  ),
  row('TcpExt.TCPRcvQDrop', 'warning', 'segments dropped: receive queue full'),
  row('TcpExt.TCPZeroWindowDrop', 'warning', 'segments dropped: the window was closed'),
  row('TcpExt.RcvPruned', 'warning', 'segments dropped: receive buffer overrun'),
  row('TcpExt.PruneCalled', 'warning', 'receive queues squeezed for memory'),
  row('TcpExt.TCPMemoryPressures', 'warning', 'TCP entered memory pressure: see net.ipv4.tcp_mem'),
  row('TcpExt.TCPAbortOnMemory', 'warning', 'connections reset for want of memory or orphans'),
  row(
    'TcpExt.TCPTimeWaitOverflow',
    'warning',
    'no room for TIME_WAIT: net.ipv4.tcp_max_tw_buckets',
  ),
  row('TcpExt.TCPAbortOnClose', 'warning', 'closed with unread data: the client got a reset'),
  row('TcpExt.TCPAbortOnData', 'warning', 'closed with SO_LINGER 0: the client got a reset'),
  row('TcpExt.TCPAbortOnTimeout', 'warning', 'given up: retransmits or keep-alive unanswered'),
  row('TcpExt.TCPAbortOnLinger', 'info', 'reset: no FIN from the peer after our close'),
  row('TcpExt.TCPMigrateReqFailure', 'warning', 'queued connections lost when a listener closed'),
  row('TcpExt.TCPFastOpenPassiveFail', 'warning', 'fast-open SYNs refused'),
  row('TcpExt.TCPFastOpenListenOverflow', 'warning', 'fast-open queue full: raise TCP_FASTOPEN'),
  row('Tcp.RetransSegs', 'warning', 'segments sent again: loss on the path'),
  row('TcpExt.TCPTimeouts', 'warning', 'retransmission timers that ran out'),
  row('TcpExt.TCPLostRetransmit', 'warning', 'retransmissions that were lost too'),
  row('TcpExt.TCPSynRetrans', 'info', 'SYNs or SYN-ACKs sent again'),
  row('Tcp.InErrs', 'warning', 'bad segments received (checksums)'),
  row('Tcp.AttemptFails', 'info', 'handshakes that failed'),
  row('Tcp.EstabResets', 'info', 'connections ended by a reset'),
  row('Tcp.OutRsts', 'info', 'resets sent'),
  row('softnet.squeezed', 'info', 'a CPU ran out of its budget for packets'),
  row('TcpExt.TCPToZeroWindowAdv', 'info', 'windows closed: readers slower than senders'),
  row('TcpExt.TCPKeepAlive', 'info', 'keep-alive probes sent'),
  row('TcpExt.DelayedACKs', 'info', 'ACKs delayed'),
  row('TcpExt.DelayedACKLost', 'info', 'delayed ACKs that made the peer send again'),
  row('TcpExt.TCPMigrateReqSuccess', 'info', 'queued connections moved to another listener'),
  row('Tcp.PassiveOpens', 'info', 'connections accepted'),
  row('Tcp.ActiveOpens', 'info', 'connections made by this machine'),
];

function row(name: string, severity: Severity, meaning: string): Watched {
  return { name, severity, meaning };
}

/** A counter that grew between two readings. */
export interface Growth extends Watched {
  readonly by: number;
  readonly perSecond: number;
}

/**
 * What grew, worst first. A counter that went down was reset or belongs to another
 * namespace and is left out, as is one that either reading lacks.
 */
export function growth(before: Counters, after: Counters, seconds: number): Growth[] {
  return WATCHED.flatMap((watched) => {
    const by = (after.get(watched.name) ?? Number.NaN) - (before.get(watched.name) ?? Number.NaN);
    return by > 0 ? [{ ...watched, by, perSecond: by / seconds }] : [];
  });
}
