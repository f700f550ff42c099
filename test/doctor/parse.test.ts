import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  parseCapabilities,
  parseCounterPairs,
  parseNumbers,
  parseOpenFiles,
  parsePorts,
  parseSocketUse,
  parseSoftnet,
} from '#hawser/doctor/parse';

describe('text under /proc', () => {
  test('vectors are separated by tabs or blanks', () => {
    assert.deepEqual(parseNumbers('4096\t131072\t33554432\n', 3), {
      ok: true,
      value: [4096, 131072, 33554432],
    });
    assert.deepEqual(parseNumbers('-1\n', 1), { ok: true, value: [-1] });
  });

  test('port lists hold ports and ranges, or nothing', () => {
    assert.deepEqual(parsePorts('\n'), { ok: true, value: [] });
    assert.deepEqual(parsePorts('8080,9000-9010\n'), {
      ok: true,
      value: [
        [8080, 8080],
        [9000, 9010],
      ],
    });
    assert.equal(parsePorts('8080;9000').ok, false);
  });

  test('counters are found by name; a pair of lines that does not match is left out', () => {
    const text = 'TcpExt: A B\nTcpExt: 1 2\nIpExt: C D\nIpExt: 3\nTcp: E\nTcp: -1\n';
    assert.deepEqual(parseCounterPairs(text), {
      ok: true,
      value: new Map([
        ['TcpExt.A', 1],
        ['TcpExt.B', 2],
        ['Tcp.E', -1],
      ]),
    });
  });

  test('softnet columns are hexadecimal and summed over CPUs', () => {
    const text = '0000001a 0000000f 00000001 00000000\n0000001b 00000001 00000002 00000000\n';
    assert.deepEqual(parseSoftnet(text), {
      ok: true,
      value: new Map([
        ['softnet.dropped', 16],
        ['softnet.squeezed', 3],
      ]),
    });
  });

  test('sockstat gives orphans, TIME_WAIT and pages', () => {
    const text = 'sockets: used 14\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 5\nUDP: inuse 0 mem 9\n';
    assert.deepEqual(parseSocketUse(text), {
      ok: true,
      value: { orphans: 2, timeWait: 3, memoryPages: 5 },
    });
    assert.equal(parseSocketUse('TCP: inuse 1 orphan 2 mem 5\n').ok, false);
  });

  test('limits may be unlimited', () => {
    assert.deepEqual(parseOpenFiles('Max open files            1024   unlimited   files\n'), {
      ok: true,
      value: { soft: 1024, hard: Number.POSITIVE_INFINITY },
    });
  });

  test('capabilities are a bit set in hexadecimal', () => {
    assert.deepEqual(parseCapabilities('CapPrm:\t0\nCapEff:\t0000000000001400\n'), {
      ok: true,
      value: 0x1400n,
    });
  });
});
