import { modes } from './modes.mjs';

/** What does not agree between the clients, the server's protocols and the server's counters; one line each. */
export function disagreements(clients, { ledger, planted, stats, open }, openExpected) {
  const wrong = [];
  const expect = (what, got, expected) => {
    if (got !== expected) wrong.push(`${what}: ${got}, expected ${expected}`);
  };
  for (const [mode, { survives }] of Object.entries(modes)) {
    const server = ledger.modes[mode];
    const client = clients.modes[mode];
    if (!survives) continue;
    expect(`${mode}, conversations the server saw`, server.count, client.count);
    expect(`${mode}, bytes the server got`, server.up, client.up);
    expect(`${mode}, bytes the clients got`, client.down, server.down);
  }
  const heard = Object.values(ledger.modes).reduce((sum, { count }) => sum + count, 0);
  const { closedBy, refusedBy } = stats;
  expect('server.transports.size', open, openExpected);
  expect('stats: active', stats.active, openExpected);
  expect('stats: accepted', stats.accepted, stats.refused + stats.active + stats.closed);
  expect('stats: refused', stats.refused, sum(refusedBy));
  expect('stats: refused by set-up errors', refusedBy['setup-error'], 0);
  expect('stats: closed, by cause', sum(closedBy), stats.closed);
  expect('stats: closed, by protocols that were told', heard + ledger.silent, stats.closed);
  expect('stats: closed by reset()', closedBy.reset, ledger.modes['server-reset'].count);
  expect('stats: closed by abort()', closedBy.abort, ledger.modes['server-abort'].count);
  expect(
    'stats: protocol errors',
    closedBy['protocol-error'],
    ledger.modes['protocol-throws'].count,
  );
  expect('stats: callback errors', stats.callbackErrors, planted);
  expect('onError calls for callbacks', planted, ledger.modes['protocol-throws'].count);
  expect(
    'stats: dropped writes',
    stats.droppedWrites,
    ledger.modes['server-reset'].count + ledger.modes['server-abort'].count,
  );
  // Of connections still open, the protocols have not told what they counted.
  if (open === 0) {
    expect('stats: bytes read', stats.bytesRead, ledger.bytesRead);
    expect('stats: bytes written', stats.bytesWritten, ledger.bytesWritten);
  }
  return wrong;
}

function sum(counts) {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
