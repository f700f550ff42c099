import assert from 'node:assert/strict';
import { release } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import { KernelSocket } from '#hawser/options/access';
import {
  isReadable,
  isSettable,
  optionLevels,
  type SettableOptionName,
  type SocketOption,
  socketOptions,
} from '#hawser/options/catalogue';
import type { OptionValue } from '#hawser/options/codec';
import { SocketOptionError, shownValue } from '#hawser/options/error';
import { settableOption } from '#hawser/options/lookup';
import { readsBack } from '#hawser/options/rounding';
import { converse, freshSocket, noCalls } from './kernel-sockets.js';
import { refusedValues, samplesOf, special, sysctl } from './samples.js';

/** The last of the families: the one that only the option may have. */
const familyOf = (option: SocketOption) => option.families[0]!;

/** Refusals that say something about this machine and not about the catalogue. */
const absent = new Set(['ENOPROTOOPT', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EACCES', 'ENODATA']);

/** Runs `attempt`; a kernel or a user that lacks the option skips the test and gives undefined. */
function unlessAbsent<T>(t: TestContext, attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    const code = error instanceof SocketOptionError && (error.cause as { code?: string })?.code;
    if (!code || !absent.has(code)) throw error;
    t.skip(`Linux ${release()}: ${(error as Error).message}`);
    return undefined;
  }
}

function setAny(socket: KernelSocket, option: SocketOption, value: unknown): void {
  socket.set(option.name as SettableOptionName, value as never);
}

async function socketFor(t: TestContext, option: SocketOption): Promise<KernelSocket> {
  if (option.role !== 'connection') return freshSocket(t, familyOf(option));
  return (await converse(t, familyOf(option))).connection;
}

/** What may be read back, as text or as an interval of numbers. */
function assertReadsBack(option: SocketOption, asked: unknown, got: OptionValue): void {
  const label = `${option.name} set to ${shownValue(asked)} reads ${shownValue(got)}`;
  const [low, high] =
    typeof asked === 'number' ? readsBack(option.rounding, asked, sysctl) : [0, 0];
  const same = shownValue(got) === shownValue(asked);
  assert.ok(typeof got === 'number' ? got >= low && got <= high : same, label);
}

const settable = socketOptions.filter((option) => isSettable(option));
const ordinary = settable.filter((option) => special[option.name] === undefined);
const readable = ordinary.filter((option) => isReadable(option));
const bySpecialReason = settable.filter((option) => special[option.name] !== undefined);

test('the catalogue has at least 80 options, each name and each number once', () => {
  const names = new Set(socketOptions.map((option) => option.name));
  const numbers = new Set(socketOptions.map((option) => `${option.level} ${option.number}`));
  assert.ok(socketOptions.length >= 80, `${socketOptions.length}`);
  assert.equal(names.size, socketOptions.length);
  assert.equal(numbers.size, socketOptions.length);
});

test('every settable number has a range and every row a purpose that is a sentence', () => {
  const numeric = settable.filter((option) => ['int', 'u32', 'u64'].includes(option.type));
  assert.deepEqual(
    numeric.filter((option) => option.range === undefined),
    [],
  );
  assert.deepEqual(
    socketOptions.filter((option) => !/^[A-Z-].*[.]$/.test(option.purpose)),
    [],
  );
  assert.deepEqual(
    socketOptions.filter((option) => !/^\d+\.\d+(\.\d+)?$/.test(option.since)),
    [],
  );
});

describe('a value in range reads back as the rounding says', { skip: noCalls }, () => {
  for (const option of readable) {
    test(option.name, async (t) => {
      const socket = await socketFor(t, option);
      for (const value of samplesOf(option)) {
        const got = unlessAbsent(t, () => {
          setAny(socket, option, value);
          return socket.get(option.name);
        });
        if (got === undefined) return;
        assertReadsBack(option, value, got as OptionValue);
      }
    });
  }
});

describe('an option that cannot be read is accepted', { skip: noCalls }, () => {
  for (const option of ordinary.filter((row) => !isReadable(row))) {
    test(option.name, async (t) => {
      const socket = await socketFor(t, option);
      unlessAbsent(t, () => setAny(socket, option, samplesOf(option)[0]));
      assert.throws(() => socket.get(option.name), /cannot be read/);
    });
  }
});

for (const option of bySpecialReason) {
  test(`${option.name} in range`, { skip: special[option.name] as string }, () => {});
}

describe('a value below, above or of another type is refused before the kernel sees it', () => {
  const calls = {
    getsockopt: () => assert.fail('the kernel was asked'),
    setsockopt: () => assert.fail('the kernel was told'),
  };
  for (const option of settable) {
    test(option.name, () => {
      const socket = new KernelSocket({ calls, fd: () => 3, kind: 'client', asked: [] });
      for (const value of refusedValues(option)) {
        assert.throws(
          () => setAny(socket, option, value),
          (error: Error) => {
            assert.ok(error instanceof SocketOptionError);
            assert.equal(error.code, 'ERR_SOCKET_OPTION');
            assert.equal(error.option, option.name);
            assert.match(error.message, /: (out of range|wrong type); it takes /);
            return true;
          },
          shownValue(value),
        );
      }
    });
  }
});

/**
 * Where the kernel takes more than our range and makes something of it that nobody
 * means: a negative size becomes the greatest, surplus bits are dropped, what is too
 * long is cut.
 */
const laxKernel: readonly string[] = [
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_RCVLOWAT',
  'SO_PEEK_OFF',
  'SO_INCOMING_CPU',
  'TCP_LINGER2',
  'TCP_DEFER_ACCEPT',
  'TCP_WINDOW_CLAMP',
  'IP_TOS',
  'IPV6_ADDR_PREFERENCES',
];
/** Where the lower end depends on the tick that the kernel was compiled for. */
const tickLimited: readonly string[] = ['TCP_RTO_MIN_US', 'TCP_DELACK_MAX_US'];

describe('the kernel takes both ends of a range, and nothing beyond', { skip: noCalls }, () => {
  for (const option of readable.filter((row) => row.type === 'int')) {
    const [low, high] = option.range!;
    const ends = tickLimited.includes(option.name) ? [high] : [low, high];
    const beyond = [low - 1, high + 1].filter(
      (value) => value < 2 ** 31 && !option.also?.includes(value),
    );
    const skip = laxKernel.includes(option.name) && 'the kernel would take more';
    test(option.name, { skip }, async (t) => {
      const socket = await socketFor(t, option);
      const level = optionLevels[option.level];
      for (const value of ends) {
        const present = unlessAbsent(t, () => {
          setAny(socket, option, value);
          return true;
        });
        if (present === undefined) return;
      }
      for (const value of beyond) {
        assert.throws(() => socket.setRaw(level, option.number, value), /EINVAL/, `${value}`);
      }
    });
  }
});

describe('an option that can only be read is read, and refuses to be set', {
  skip: noCalls,
}, () => {
  for (const option of socketOptions.filter((row) => row.access === 'read')) {
    test(option.name, async (t) => {
      const { connection } = await converse(t, familyOf(option));
      assert.throws(() => setAny(connection, option, 1), /can only be read/);
      const got = unlessAbsent(t, () => ({ value: connection.get(option.name) }));
      assert.notEqual(got?.value, null);
    });
  }
});

describe('an option that is a pointer is refused both ways', () => {
  for (const option of socketOptions.filter((row) => row.access === 'none')) {
    test(option.name, () => {
      assert.throws(() => settableOption(option.name, 1), /cannot be set; The value is a pointer/);
    });
  }
});

/** Sets the first sample before bind and reads the listener and the accepted socket. */
async function inheritance(t: TestContext, option: SocketOption): Promise<[string, string] | null> {
  const [value] = samplesOf(option);
  const set = unlessAbsent(t, () => {
    setAny(freshSocket(t, familyOf(option)), option, value);
    return true;
  });
  if (set === undefined) return null;
  const { listener, connection } = await converse(t, familyOf(option), (unbound) =>
    setAny(unbound, option, value),
  );
  return [shownValue(listener.get(option.name)), shownValue(connection.get(option.name))];
}

describe('an accepted socket has what its listener has', { skip: noCalls }, () => {
  const rows = readable.filter((row) => row.inherited === 'yes' && row.role !== 'connection');
  for (const option of rows) {
    test(option.name, async (t) => {
      const pair = await inheritance(t, option);
      assert.equal(pair?.[1], pair?.[0]);
    });
  }
});

describe('an accepted socket does not have what its listener has', { skip: noCalls }, () => {
  for (const option of readable.filter(
    (row) => row.inherited === 'no' && row.role !== 'connection',
  )) {
    test(option.name, async (t) => {
      const pair = (await inheritance(t, option)) ?? ['skipped', ''];
      assert.notEqual(pair[1], pair[0]);
    });
  }
});

test('TCP_MAXSEG on a listener bounds what is negotiated', { skip: noCalls }, async (t) => {
  const { connection } = await converse(t, 'IPv4', (listener) => listener.set('TCP_MAXSEG', 1000));
  const negotiated = connection.get('TCP_MAXSEG');
  assert.ok(negotiated > 900 && negotiated <= 1000, `${negotiated}`);
});

test('TCP_QUICKACK turned off before listen is on again after it', { skip: noCalls }, async (t) => {
  const off = (listener: KernelSocket) => listener.set('TCP_QUICKACK', false);
  const { listener } = await converse(t, 'IPv4', off);
  assert.equal(listener.get('TCP_QUICKACK'), true);
});
