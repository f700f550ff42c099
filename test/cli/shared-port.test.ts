import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Address, ipAddress, unixAddress } from '#hawser/address';
import { otherListeners } from '#hawser/cli/shared-port';

const HEADING = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n';
const LISTEN = '0A';
const ESTABLISHED = '01';

let root: string;
beforeEach(() => {
  root = `${mkdtempSync(join(tmpdir(), 'hawser-'))}/`;
  mkdirSync(join(root, 'proc/net'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes a table as the kernel does; 8888 is 22B8. */
function table(
  name: 'tcp' | 'tcp6',
  rows: readonly (readonly [local: string, state: string])[],
): void {
  const text = rows.map(
    ([local, state], index) => `   ${index}: ${local} 00000000:0000 ${state} 0\n`,
  );
  writeFileSync(join(root, 'proc/net', name), HEADING + text.join(''));
}

const OURS = ipAddress('127.0.0.1', 8888);
const OUR_ROW = ['0100007F:22B8', LISTEN] as const;
const others = (...addresses: Address[]) => otherListeners(addresses, root);

describe('the number of other listeners', () => {
  test('is 0 when only our own sockets listen there', () => {
    table('tcp', [OUR_ROW, ['0100007F:22B9', LISTEN], ['0200007F:22B8', LISTEN]]);
    assert.equal(others(OURS), 0);
  });

  test('counts those on the same address and port', () => {
    table('tcp', [OUR_ROW, OUR_ROW, OUR_ROW]);
    assert.equal(others(OURS), 2);
  });

  test('counts those on a wildcard address, of either family', () => {
    table('tcp', [OUR_ROW, ['00000000:22B8', LISTEN]]);
    table('tcp6', [['00000000000000000000000000000000:22B8', LISTEN]]);
    assert.equal(others(OURS), 2);
  });

  test('counts IPv6 addresses', () => {
    const row = ['00000000000000000000000001000000:22B8', LISTEN] as const;
    table('tcp', []);
    table('tcp6', [row, row]);
    assert.equal(others(ipAddress('::1', 8888)), 1);
  });

  test('leaves out connections, which come after the listeners', () => {
    const connections = Array.from({ length: 5000 }, () => ['0100007F:22B8', ESTABLISHED] as const);
    table('tcp', [OUR_ROW, ...connections]);
    assert.equal(others(OURS), 0);
  });

  test('is found when the listeners are many', () => {
    const strangers = Array.from({ length: 5000 }, () => ['0100007F:0050', LISTEN] as const);
    table('tcp', [...strangers, OUR_ROW, OUR_ROW]);
    assert.equal(others(OURS), 1);
  });

  test('is 0 where /proc says nothing, and for a unix socket', () => {
    assert.equal(others(OURS), 0);
    table('tcp', [OUR_ROW]);
    assert.equal(others(unixAddress('/run/x')), 0);
  });
});
