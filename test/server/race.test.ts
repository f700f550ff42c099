import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { race } from '#hawser/race';

/** An attempt that fails when told to, and notes that it was given up. */
function attempt() {
  let fail!: (error: Error) => void;
  let succeed!: (value: string) => void;
  let givenUp = false;
  return {
    run: (signal: AbortSignal) => {
      signal.addEventListener('abort', () => {
        givenUp = true;
      });
      return new Promise<string>((resolve, reject) => {
        succeed = resolve;
        fail = reject;
      });
    },
    fail: (error: Error) => fail(error),
    succeed: (value: string) => succeed(value),
    isGivenUp: () => givenUp,
  };
}

const coded = (code: string) => Object.assign(new Error(code), { code });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a race of attempts', () => {
  it('starts the next at once when the one before it failed, and gives up the losers', async () => {
    const [first, second, third] = [attempt(), attempt(), attempt()];
    const { signal } = new AbortController();
    const won = race([first.run, second.run, third.run], { delayMs: 20, signal });
    first.fail(coded('ECONNREFUSED'));
    await new Promise((resolve) => setTimeout(resolve, 40));
    second.succeed('second');
    assert.equal(await won, 'second');
    assert.equal(third.isGivenUp(), true);
  });

  it('keeps every error when all fail', async () => {
    const [first, second] = [attempt(), attempt()];
    const { signal } = new AbortController();
    const lost = race([first.run, second.run], { delayMs: 10_000, signal });
    first.fail(coded('ECONNREFUSED'));
    await turn();
    second.fail(coded('EHOSTUNREACH'));
    await assert.rejects(lost, (error: AggregateError & { code: string }) => {
      assert.deepEqual(
        error.errors.map(({ code }) => code),
        ['ECONNREFUSED', 'EHOSTUNREACH'],
      );
      return error.code === 'ECONNREFUSED';
    });
  });

  it('keeps the errors so far when the time is over', async () => {
    const [first, second] = [attempt(), attempt()];
    const stop = new AbortController();
    const lost = race([first.run, second.run], { delayMs: 10_000, signal: stop.signal });
    first.fail(coded('ECONNREFUSED'));
    await turn();
    stop.abort(coded('ETIMEDOUT'));
    await assert.rejects(lost, (error: AggregateError & { code: string }) => {
      assert.deepEqual(
        error.errors.map(({ code }) => code),
        ['ECONNREFUSED', 'ETIMEDOUT'],
      );
      return error.code === 'ETIMEDOUT';
    });
    assert.equal(second.isGivenUp(), true);
  });

  it("rejects with the caller's own reason, whatever had failed before", async () => {
    const [first, second] = [attempt(), attempt()];
    const stop = new AbortController();
    const lost = race([first.run, second.run], { delayMs: 10_000, signal: stop.signal });
    first.fail(coded('ECONNREFUSED'));
    await turn();
    const reason = new Error('no longer wanted');
    stop.abort(reason);
    await assert.rejects(lost, (error) => error === reason);
  });
});
