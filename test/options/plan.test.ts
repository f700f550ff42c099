import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SocketOptions } from '#hawser/options/catalogue';
import { SocketOptionError } from '#hawser/options/error';
import {
  explainPlan,
  type OptionCall,
  planClientOptions,
  planServerOptions,
  type ServerOptionRequest,
} from '#hawser/options/plan';

const names = (calls: readonly OptionCall[]) => calls.map((call) => call.name);

function planFor(request: Partial<ServerOptionRequest>) {
  return planServerOptions({ noDelayDefault: false, family: 'IPv4', ...request });
}

function refusal(request: Partial<ServerOptionRequest>): string {
  let message = 'not refused';
  assert.throws(
    () => planFor(request),
    (error) => {
      assert.ok(error instanceof SocketOptionError);
      message = error.message;
      return true;
    },
  );
  return message;
}

describe('planServerOptions', () => {
  test('puts inherited connection options on the listener, at no call per connection', () => {
    const connectionOptions: SocketOptions = { TCP_KEEPIDLE: 1800, SO_KEEPALIVE: true };
    const plan = planFor({ connectionOptions });
    assert.deepEqual(names(plan.beforeListen), ['TCP_KEEPIDLE', 'SO_KEEPALIVE']);
    assert.deepEqual(plan.perConnection, []);
  });

  test('sets on each connection what is not inherited', () => {
    const plan = planFor({ connectionOptions: { SO_PRIORITY: 3, TCP_QUICKACK: true } });
    assert.deepEqual(names(plan.perConnection), ['SO_PRIORITY', 'TCP_QUICKACK']);
    assert.deepEqual(plan.beforeListen, []);
  });

  test('sets listener options before bind, those for listening before listen', () => {
    const plan = planFor({ listenerOptions: { SO_SNDBUF: 65_536, TCP_FASTOPEN: 16 } });
    assert.deepEqual(names(plan.beforeBind), ['SO_SNDBUF']);
    assert.deepEqual(names(plan.beforeListen), ['TCP_FASTOPEN']);
  });

  test('sets a connection option before bind when it has no effect later', () => {
    const plan = planFor({ connectionOptions: { IP_TRANSPARENT: true } });
    assert.deepEqual(names(plan.beforeBind), ['IP_TRANSPARENT']);
  });

  test('turns TCP_NODELAY on for TCP unless the options speak of it', () => {
    const withDefault = { noDelayDefault: true };
    const off = { TCP_NODELAY: false };
    assert.deepEqual(
      planFor(withDefault).beforeListen.map((call) => call.asked),
      [true],
    );
    const said = planFor({ ...withDefault, connectionOptions: off });
    assert.deepEqual(
      said.beforeListen.map((call) => call.asked),
      [false],
    );
    const saidOfListener = planFor({ ...withDefault, listenerOptions: off });
    assert.deepEqual(saidOfListener.beforeListen, []);
    assert.deepEqual(planFor({ ...withDefault, family: 'unix' }).beforeListen, []);
  });

  test('keeps both when listener and connections differ: the connection is set by itself', () => {
    const plan = planFor({
      listenerOptions: { SO_SNDBUF: 65_536 },
      connectionOptions: { SO_SNDBUF: 131_072 },
    });
    assert.deepEqual(names(plan.beforeBind), ['SO_SNDBUF']);
    assert.deepEqual(names(plan.perConnection), ['SO_SNDBUF']);
  });

  test('leaves out an option whose value is undefined', () => {
    assert.deepEqual(planFor({ connectionOptions: { TCP_CORK: undefined } }).beforeListen, []);
  });

  test('encodes each call as setsockopt takes it', () => {
    const [call] = planFor({ connectionOptions: { TCP_KEEPIDLE: 1800 } }).beforeListen;
    const expected = new Uint8Array(new Int32Array([1800]).buffer);
    assert.deepEqual(
      { ...call, value: [...call!.value] },
      {
        name: 'TCP_KEEPIDLE',
        level: 6,
        option: 4,
        value: [...expected],
        asked: 1800,
      },
    );
  });

  test('refuses an option of the listener among those of connections, and says where it goes', () => {
    const message = refusal({ connectionOptions: { TCP_DEFER_ACCEPT: 5 } });
    assert.match(message, /^TCP_DEFER_ACCEPT = 5: .*give it in listenerOptions$/);
  });

  test('refuses TCP_QUICKACK on the listener, where listen resets it', () => {
    const message = refusal({ listenerOptions: { TCP_QUICKACK: true } });
    assert.match(message, /use the server option quickAck: true$/);
  });

  test('refuses an option of another family', () => {
    assert.match(refusal({ connectionOptions: { IPV6_TCLASS: 16 } }), /for IPv6 sockets/);
    const unix = { family: 'unix', connectionOptions: { TCP_KEEPIDLE: 5 } } as const;
    assert.match(refusal(unix), /for IPv4 and IPv6 sockets, and this is unix/);
  });

  test('leaves an option of another family to the listener of that family', () => {
    const connectionOptions: SocketOptions = { IPV6_TCLASS: 16 };
    const families = ['IPv4', 'IPv6'] as const;
    const v4 = planFor({ connectionOptions, families, family: 'IPv4' });
    const v6 = planFor({ connectionOptions, families, family: 'IPv6' });
    assert.deepEqual(names(v4.beforeListen), []);
    assert.deepEqual(names(v6.beforeListen), ['IPV6_TCLASS']);
  });

  test('refuses unknown names, read-only options and values out of range', () => {
    const given = (options: object) => refusal({ connectionOptions: options as SocketOptions });
    assert.match(given({ NODELAY: true }), /no such option .*; the name is TCP_NODELAY$/);
    assert.match(given({ SO_ERROR: 0 }), /^SO_ERROR = 0: it can only be read/);
    assert.match(given({ TCP_KEEPCNT: 128 }), /128: out of range; .* probes from 1 to 127$/);
    assert.match(given({ TCP_KEEPCNT: '9' }), /"9": wrong type; it takes a whole number/);
  });

  test('refuses quickAck where it contradicts the options or there is no TCP', () => {
    const contradiction = { quickAck: true, connectionOptions: { TCP_QUICKACK: false } };
    assert.match(refusal(contradiction), /quickAck: true says otherwise/);
    assert.match(refusal({ quickAck: true, family: 'unix' }), /quickAck is for TCP/);
  });

  test('refuses two values for what cannot change after bind', () => {
    const request = {
      listenerOptions: { SO_REUSEPORT: true },
      connectionOptions: { SO_REUSEPORT: false },
    };
    assert.match(refusal(request), /cannot be changed after bind/);
  });
});

describe('planClientOptions', () => {
  test('sets everything before connect but what needs a connection', () => {
    const plan = planClientOptions({
      socketOptions: { TCP_SYNCNT: 2, TCP_QUICKACK: true },
      family: 'IPv4',
    });
    assert.deepEqual(names(plan.beforeConnect), ['TCP_NODELAY', 'TCP_SYNCNT']);
    assert.deepEqual(names(plan.perConnection), ['TCP_QUICKACK']);
  });

  test('refuses an option for listening sockets', () => {
    const request = { socketOptions: { TCP_FASTOPEN: 5 }, family: 'IPv4' } as const;
    assert.throws(
      () => planClientOptions(request),
      /TCP_FASTOPEN = 5: it is for listening sockets/,
    );
  });
});

describe('explainPlan', () => {
  test('lists the calls by stage and counts those per connection', () => {
    const plan = planServerOptions({
      listenerOptions: { TCP_DEFER_ACCEPT: 5, SO_SNDBUF: 65_536 },
      connectionOptions: { SO_PRIORITY: 3, SO_LINGER: { onoff: true, seconds: 0 } },
      noDelayDefault: true,
      family: 'IPv4',
    });
    assert.equal(
      explainPlan(plan, { quickAck: true }),
      [
        'on the listener, before bind:',
        '  SO_SNDBUF = 65536',
        'on the listener, before listen; connections inherit what they can:',
        '  TCP_NODELAY = true',
        '  TCP_DEFER_ACCEPT = 5 (stays on the listener)',
        '  SO_LINGER = { onoff: true, seconds: 0 }',
        'on every connection:',
        '  SO_PRIORITY = 3',
        '  TCP_QUICKACK = true, set again after what is not answered in its turn',
        'setsockopt calls per connection: 1 and those for quickAck',
        '',
      ].join('\n'),
    );
  });
});
