import assert from 'node:assert/strict';
import { createServer, type ServerOptions } from '../../../server.js';
import { promises } from '../promise.js';

type Wrong = readonly [options: Record<string, unknown>, code: string];

const outOfRange: readonly Wrong[] = [
  [{ port: -1 }, 'ERR_OUT_OF_RANGE'],
  [{ port: 65_536 }, 'ERR_OUT_OF_RANGE'],
  [{ port: 1.5 }, 'ERR_OUT_OF_RANGE'],
  [{ port: Number.NaN }, 'ERR_OUT_OF_RANGE'],
  [{ backlog: -1 }, 'ERR_OUT_OF_RANGE'],
  [{ maxConnections: 0 }, 'ERR_OUT_OF_RANGE'],
  [{ maxConnections: -5 }, 'ERR_OUT_OF_RANGE'],
  [{ lingerTimeoutMs: -1 }, 'ERR_OUT_OF_RANGE'],
  [{ fd: -1 }, 'ERR_OUT_OF_RANGE'],
];

const wrongType: readonly Wrong[] = [
  [{ port: '80' }, 'ERR_INVALID_ARG_TYPE'],
  [{ backlog: '5' }, 'ERR_INVALID_ARG_TYPE'],
  [{ host: 5 }, 'ERR_INVALID_ARG_TYPE'],
  [{ host: ['127.0.0.1', null] }, 'ERR_INVALID_ARG_TYPE'],
  [{ path: 5 }, 'ERR_INVALID_ARG_TYPE'],
  [{ path: '' }, 'ERR_INVALID_ARG_VALUE'],
  [{ reuseAddress: 1 }, 'ERR_INVALID_ARG_TYPE'],
  [{ reusePort: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
  [{ startServing: null }, 'ERR_INVALID_ARG_TYPE'],
  [{ quickAck: 'no' }, 'ERR_INVALID_ARG_TYPE'],
  [{ onError: 'log it' }, 'ERR_INVALID_ARG_TYPE'],
];

export const serverOptions = promises(
  'server-options',
  'options that cannot be right are refused',
  [
    [
      'out-of-range',
      'a number out of range is a RangeError that names the option and the value',
      async (bench) => {
        const { engine } = bench.setup;
        for (const [options, code] of outOfRange) {
          const [[name, value]] = Object.entries(options) as [[string, unknown]];
          await assert.rejects(
            createServer(() => ({ dataReceived() {} }), { engine, ...options }),
            (error) => {
              assert.ok(error instanceof RangeError, name);
              assert.equal((error as NodeJS.ErrnoException).code, code);
              assert.match(error.message, new RegExp(`${name}.*${value}`));
              return true;
            },
          );
        }
      },
    ],
    [
      'wrong-type',
      'a value of the wrong type is a TypeError that names the option',
      async (bench) => {
        const { engine } = bench.setup;
        for (const [options, code] of wrongType) {
          const [name] = Object.keys(options) as [string];
          const asked = { engine, ...options } as ServerOptions;
          await assert.rejects(
            createServer(() => ({ dataReceived() {} }), asked),
            (error) => {
              assert.ok(error instanceof TypeError, name);
              assert.equal((error as NodeJS.ErrnoException).code, code, name);
              assert.match(error.message, new RegExp(name));
              return true;
            },
          );
        }
      },
    ],
    [
      'limits',
      'writeBufferLimits that cannot be right are a RangeError',
      async (bench) => {
        for (const writeBufferLimits of [{ high: -1 }, { low: 2, high: 1 }, { high: 0.5 }]) {
          await assert.rejects(bench.serve({}, { writeBufferLimits }), RangeError);
        }
      },
    ],
    [
      'one-target',
      'more than one of host and port, path and fd is a TypeError',
      async (bench) => {
        const both = [
          { host: '127.0.0.1', path: '/tmp/x' },
          { port: 0, fd: 3 },
          { path: '/tmp/x', fd: 3 },
        ];
        for (const options of both) {
          await assert.rejects(bench.serve({}, options), {
            name: 'TypeError',
            code: 'ERR_INVALID_ARG_VALUE',
          });
        }
      },
    ],
    [
      'factory',
      'a factory that is no function is a TypeError',
      async (bench) => {
        const { engine } = bench.setup;
        for (const factory of [undefined, null, {}, 'factory']) {
          await assert.rejects(createServer(factory as never, { engine }), TypeError);
        }
      },
    ],
    [
      'nothing-open',
      'a refused option leaves nothing open',
      async (bench) => {
        const before = bench.setup.openSockets();
        await assert.rejects(bench.serve({}, { port: 70_000 }));
        await assert.rejects(bench.serve({}, { maxConnections: 0 }));
        assert.equal(bench.setup.openSockets(), before);
      },
    ],
    [
      'not-changed',
      'the options object is left as it was, and later changes to it have no effect',
      async (bench) => {
        const options = { host: '127.0.0.1', maxConnections: 1, writeBufferLimits: { high: 100 } };
        const copy = structuredClone(options);
        const served = await bench.serve({}, options);
        assert.deepEqual(options, copy);
        options.maxConnections = 0;
        options.writeBufferLimits.high = 5;
        const { transport } = await served.connect();
        assert.deepEqual({ ...transport.writeBufferLimits }, { low: 25, high: 100 });
      },
    ],
  ],
);
