import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { read } from '../frame/tree.js';
import { blocksOf } from './document.js';
import { publicMembers } from './public-names.js';

/** Which interface a word before the dot stands for in the documents. */
const interfaces = {
  transport: 'Transport',
  socket: 'TransportSocket',
  server: 'Server',
  connection: 'Connection',
} as const;

/** The names that stand alone in the middle column of asyncio.md, by what they belong to. */
const alone = {
  Protocol: [
    'connectionMade',
    'dataReceived',
    'eofReceived',
    'connectionLost',
    'pauseWriting',
    'resumeWriting',
  ],
  BufferedProtocol: ['getBuffer', 'bufferUpdated'],
  ServerOptions: [
    ...[
      'host',
      'port',
      'fd',
      'path',
      'pathMode',
      'backlog',
      'reuseAddress',
      'reusePort',
      'ipv6Only',
    ],
    ...[
      'startServing',
      'listenerOptions',
      'connectionOptions',
      'quickAck',
      'lingerTimeoutMs',
      'onError',
    ],
    ...[
      'maxConnections',
      'maxConnectionsPerHost',
      'idleTimeoutMs',
      'firstDataTimeoutMs',
      'minReadRate',
      'maxLifetimeMs',
    ],
  ],
  ConnectOptions: [
    ...[
      'host',
      'port',
      'fd',
      'path',
      'localAddress',
      'localPort',
      'attemptDelayMs',
      'connectTimeoutMs',
    ],
    ...['signal', 'socketOptions'],
  ],
  ServeOptions: ['readLimit'],
  ServerStats: [
    ...[
      'accepted',
      'refused',
      'refusedBy',
      'active',
      'closed',
      'closedBy',
      'bytesRead',
      'bytesWritten',
    ],
    ...['acceptPauses', 'acceptErrors', 'droppedWrites', 'callbackErrors'],
  ],
};

describe('names in the documents', () => {
  const membersOf = publicMembers();

  for (const file of ['docs/asyncio.md', 'docs/server.md', 'docs/guide.md', 'docs/codecs.md']) {
    test(`every member that ${file} names exists`, () => {
      const named = [...read(file).matchAll(/\b(transport|socket|server|connection)\.([a-z]\w+)/g)];
      const ours = named.filter(([, , member]) => !/^(mjs|md|ts)$|_/.test(member!));
      const wrong = ours.filter(
        ([, word, member]) => !membersOf(interfaces[word as keyof typeof interfaces]).has(member!),
      );
      assert.deepEqual(
        wrong.map(([text]) => text),
        [],
      );
    });
  }

  test('every option and callback that asyncio.md and server.md name exists', () => {
    const text = read('docs/asyncio.md') + read('docs/server.md');
    for (const [type, names] of Object.entries(alone)) {
      const members = membersOf(type);
      assert.deepEqual(
        names.filter((name) => !members.has(name)),
        [],
        type,
      );
      assert.deepEqual(
        names.filter((name) => !text.includes(name)),
        [],
        `${type} in the text`,
      );
    }
  });
});

test('the recipe in asyncio.md is the example', () => {
  const shown = blocksOf('docs/asyncio.md').find(({ name }) => name === 'examples/recipe.ts');
  assert.equal(shown?.text, read('examples/recipe.ts'));
});
