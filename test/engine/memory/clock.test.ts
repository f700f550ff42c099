import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '#hawser/engine/memory/clock';

describe('the virtual clock', () => {
  test('what is in transit arrives by itself, in the order of its time', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    clock.inTransit(20, () => log.push(`late at ${clock.now}`));
    clock.inTransit(10, () => log.push(`early at ${clock.now}`));
    await clock.idle();
    assert.deepEqual(log, ['early at 10', 'late at 20']);
  });

  test('a timer alone does not move time, however long somebody waits', async () => {
    const clock = new VirtualClock();
    let hasFired = false;
    clock.setTimeout(() => {
      hasFired = true;
    }, 1);
    await clock.idle();
    assert.equal(hasFired, false);
    assert.equal(clock.now, 0);
  });

  test('advance() fires what is due, and stops at the moment it was asked for', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    for (const at of [5, 15, 25]) clock.setTimeout(() => fired.push(at), at);
    await clock.advance(20);
    assert.deepEqual(fired, [5, 15]);
    assert.equal(clock.now, 20);
    await clock.advance(5);
    assert.deepEqual(fired, [5, 15, 25]);
  });

  test('a timer that was taken back does not fire', async () => {
    const clock = new VirtualClock();
    let hasFired = false;
    const timer = clock.setTimeout(() => {
      hasFired = true;
    }, 5);
    clock.clearTimeout(timer);
    clock.clearTimeout(undefined);
    await clock.advance(10);
    assert.equal(hasFired, false);
  });

  test('sleep() takes an hour of virtual time and none of ours', async () => {
    const clock = new VirtualClock();
    const started = performance.now();
    await Promise.all([clock.sleep(3_600_000), clock.advance(3_600_000)]);
    assert.equal(clock.now, 3_600_000);
    assert.ok(performance.now() - started < 1000);
  });

  test('all that arrives at one moment runs before the promises it resolves', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    for (const name of ['a', 'b']) {
      clock.inTransit(10, () => {
        log.push(name);
        queueMicrotask(() => log.push(`${name}, later`));
      });
    }
    await clock.idle();
    assert.deepEqual(log, ['a', 'b', 'a, later', 'b, later']);
  });

  test('the promises of one moment are done before the next', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    clock.inTransit(1, () => {
      void Promise.resolve()
        .then(() => {})
        .then(() => log.push('promise'));
      process.nextTick(() => log.push('tick'));
    });
    clock.inTransit(2, () => log.push('next moment'));
    await clock.idle();
    assert.deepEqual(log, ['tick', 'promise', 'next moment']);
  });

  test('idle() waits for code that reacts in a later turn of the event loop', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    clock.inTransit(0, () => setImmediate(() => clock.inTransit(0, () => log.push('reaction'))));
    await clock.idle();
    assert.deepEqual(log, ['reaction']);
  });

  test('idle() rejects when events never end', async () => {
    const clock = new VirtualClock();
    clock.stepLimit = 100;
    const again = () => clock.inTransit(0, again);
    again();
    await assert.rejects(clock.idle(), /does not come to rest: 100 events/);
  });

  test('with real timers, a timer that nothing overtakes takes as long as a real one', async () => {
    const clock = new VirtualClock(true);
    const started = performance.now();
    await clock.sleep(30);
    assert.ok(performance.now() - started >= 29);
    assert.equal(clock.now, 30);
  });

  test('with real timers, one that was taken back does not bring a later one forward', async () => {
    const clock = new VirtualClock(true);
    const started = performance.now();
    const sleeping = clock.sleep(40);
    const timer = clock.setTimeout(() => {}, 10);
    setTimeout(() => clock.clearTimeout(timer), 1);
    await sleeping;
    assert.ok(performance.now() - started >= 39);
  });
});
