import assert from 'node:assert/strict';
import { DueQueue, type Due } from '../../../src/rules/alerts/due-queue';

describe('a queue of what is due', () => {
  it('gives what is due, soonest first, and of one moment in the order in which it was added', () => {
    const queue = new DueQueue<string>();
    for (const [at, value] of [
      [5, 'c'],
      [1, 'a'],
      [5, 'd'],
      [3, 'b'],
      [9, 'e'],
    ] as const) {
      queue.add(at, value);
    }
    const taken: string[] = [];
    for (let next = queue.take(5); next; next = queue.take(5)) taken.push(next.value);
    assert.deepEqual(taken, ['a', 'b', 'c', 'd']);
    assert.equal(queue.size, 1);
    assert.equal(queue.takeFirst()?.value, 'e');
    assert.equal(queue.takeFirst(), undefined);
  });

  it('forgets what was cancelled, however much of it there is', () => {
    const queue = new DueQueue<number>();
    const dues: Due[] = [];
    for (let at = 0; at < 10_000; at++) dues.push(queue.add((at * 7919) % 10_007, at));
    const kept = new Set(dues.filter((_, index) => index % 97 === 0));
    for (const due of dues) if (!kept.has(due)) queue.cancel(due);
    for (const due of dues) if (!kept.has(due)) queue.cancel(due);
    assert.equal(queue.size, kept.size);
    let before = -1;
    let count = 0;
    for (let next = queue.takeFirst(); next; next = queue.takeFirst()) {
      assert.ok(next.at >= before);
      before = next.at;
      count++;
    }
    assert.deepEqual([count, queue.size], [kept.size, 0]);
  });

  it('does not mind that something is cancelled which was taken already', () => {
    const queue = new DueQueue<string>();
    const due = queue.add(1, 'a');
    queue.add(2, 'b');
    queue.take(1);
    queue.cancel(due);
    assert.equal(queue.size, 1);
  });
});
