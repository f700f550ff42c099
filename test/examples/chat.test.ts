import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { serveExample, without } from './program.js';

/** A person at netcat. */
function netcat(t: TestContext, port: number) {
  const child = spawn('nc', ['-N', '127.0.0.1', String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    say: (line: string) => child.stdin.write(`${line}\n`),
    hear: async () => (await lines.next()).value as string,
    leave: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

test('what one netcat says in the chat example, the others hear', {
  skip: without('nc'),
}, async (t) => {
  const { port } = await serveExample(t, 'chat');
  const ada = netcat(t, port);
  assert.equal(await ada.hear(), 'Your name?');
  ada.say('Ada');
  assert.equal(await ada.hear(), 'Here: nobody else');
  const bob = netcat(t, port);
  assert.equal(await bob.hear(), 'Your name?');
  bob.say('Bob');
  assert.equal(await bob.hear(), 'Here: Ada');
  assert.equal(await ada.hear(), '* Bob is here');
  bob.say('hello\r');
  assert.equal(await ada.hear(), 'Bob: hello');
  ada.say('hi, Bob');
  assert.equal(await bob.hear(), 'Ada: hi, Bob');
  await bob.leave();
  assert.equal(await ada.hear(), '* Bob has left');
});

test('a line above the limit ends only its sender in the chat example', {
  skip: without('nc'),
}, async (t) => {
  const { port } = await serveExample(t, 'chat');
  const ada = netcat(t, port);
  ada.say('Ada');
  assert.equal(await ada.hear(), 'Your name?');
  assert.equal(await ada.hear(), 'Here: nobody else');
  const bob = netcat(t, port);
  bob.say('Bob');
  assert.equal(await ada.hear(), '* Bob is here');
  bob.say('x'.repeat(513));
  assert.equal(await ada.hear(), '* Bob has left');
  await ada.leave();
});
