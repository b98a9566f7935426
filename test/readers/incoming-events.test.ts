import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { EventList, missingInBatch } from '../../src/event-list';
import { IncomingEvents } from '../../src/readers/incoming-events';
import type { TraceEvent } from '../../src/trace-event';

const EXIT: TraceEvent = {
  ts: 9992.1,
  cpu: 1,
  pid: 5441,
  tgid: null,
  comm: 'a.out',
  name: 'sched_process_free',
  fields: { comm: 'a.out', pid: 5441, prio: 120 },
  flags: '.....',
};
const LINE =
  '           a.out-5441    [001] .....  9992.100000: sched_process_free: comm=a.out pid=5441 prio=120';

describe('incoming events', () => {
  it('passes a batch on as it is', () => {
    const batch = new EventList([EXIT]);
    assert.equal(new IncomingEvents().push(batch), batch);
  });

  it('is recognized by its parts, all of which it has', () => {
    const whole: Record<string | symbol, unknown> = {
      length: 0,
      at: () => undefined,
      [Symbol.iterator]: () => [].values(),
      lost: [],
      damage: [],
      notes: [],
    };
    assert.equal(missingInBatch(whole), null);
    for (const part of ['length', Symbol.iterator, 'damage', 'notes']) {
      const rest = Object.fromEntries(
        Reflect.ownKeys(whole)
          .filter((key) => key !== part)
          .map((key) => [key, whole[key]]),
      );
      assert.equal(
        missingInBatch(rest),
        typeof part === 'symbol'
          ? 'an iterator (a function)'
          : part === 'length'
            ? 'length (a number)'
            : `${part} (an array)`,
      );
      assert.deepEqual(
        new IncomingEvents().push(rest).damage.map(({ code }) => code),
        ['EVENT_UNEXPLAINED'],
      );
    }
    for (const other of [null, 5, [], {}, { at: 1 }, EXIT]) assert.equal(missingInBatch(other), null);
  });

  it('accepts an event, a list of events, and a batch that went through JSON', () => {
    const batch = new EventList([EXIT], [{ cpu: 0, ts: null, count: 3 }], [], []);
    assert.deepEqual(new IncomingEvents().push(EXIT).toArray(), [EXIT]);
    assert.deepEqual(new IncomingEvents().push([EXIT, EXIT]).toArray(), [EXIT, EXIT]);
    const again = new IncomingEvents().push(JSON.parse(JSON.stringify(batch)));
    assert.deepEqual([again.toArray(), again.lost], [[EXIT], batch.lost]);
  });

  it('fills in what an event of somebody else’s does not have', () => {
    const [event] = new IncomingEvents().push({ ts: 1, cpu: 0, pid: 2, name: 'x', fields: {} });
    assert.deepEqual(event, {
      ts: 1,
      cpu: 0,
      pid: 2,
      tgid: null,
      comm: null,
      name: 'x',
      fields: {},
      flags: '',
    });
  });

  it('reads lines with and without their newline, chunks cut anywhere, and lists of lines', () => {
    const bytes = Buffer.from(`${LINE}\n`);
    for (const payloads of [[LINE], [`${LINE}\n`], [bytes.subarray(0, 30), bytes.subarray(30)], [[LINE]]]) {
      const incoming = new IncomingEvents();
      const events = [
        ...payloads.flatMap((payload) => incoming.push(payload).toArray()),
        ...incoming.end().toArray(),
      ];
      assert.deepEqual(events, [EXIT]);
    }
  });

  for (const odd of [null, 42, true, {}, { ts: 'x' }, { events: 3 }, [[]], Symbol('x'), () => 1]) {
    it(`counts ${typeof odd} ${inspect(odd)} as damage and does not throw`, () => {
      const { length, damage } = new IncomingEvents().push(odd);
      assert.equal(length, 0);
      assert.equal(damage.length, 1);
      assert.equal(damage[0]!.code, 'EVENT_UNEXPLAINED');
    });
  }

  it('reports a value that holds itself', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    assert.equal(new IncomingEvents().push(circle).damage.length, 1);
  });

  it('finds nothing in an empty text', () => {
    assert.equal(new IncomingEvents().push('').length, 0);
  });
});
