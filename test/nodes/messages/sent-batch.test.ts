import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { NodeMessageInFlow } from 'node-red';
import { EventList } from '../../../src/event-list';
import { openTraceFile } from '../../../src/readers/trace-file';
import type { EventBatch, TraceEvent } from '../../../src/trace-event';
import { sliceBatch } from '../../../nodes/trace-source/slice-batch';
import { SentBatch } from '../../../nodes/messages/sent-batch';
import { needs } from '../../harness/requirements';
import { RunningFlow } from '../running-flow';

const { util } = createRequire(__filename)('@node-red/util') as {
  util: {
    cloneMessage: <Message>(message: Message) => Message;
    encodeObject: (message: object, options: object) => { msg: string; format: string };
  };
};

const isComplete = ({ complete }: NodeMessageInFlow): boolean => complete === true;

function event(ts: number): TraceEvent {
  return { ts, cpu: 0, pid: 7, tgid: 7, comm: 'sh', name: 'sys_enter_read', fields: { fd: 3 }, flags: '' };
}

describe('a batch in a message', () => {
  const events = [1, 2, 3, 4].map(event);
  const lost = [{ cpu: 0, ts: 3, count: 5 }];
  const batch = new SentBatch(new EventList(events, lost));

  it('is not copied by the clone that a second wire gets', () => {
    const clone = util.cloneMessage({ payload: batch });
    assert.notEqual(clone.payload, batch);
    assert.equal(clone.payload.lazily(), batch.lazily());
    assert.deepEqual(clone.payload.toArray(), events);
    assert.deepEqual([...clone.payload], events);
    assert.deepEqual(clone.payload.lost, lost);
  });

  it('tells a Debug node how many events it has, its losses, and its first and last event', () => {
    const { msg } = util.encodeObject({ msg: util.cloneMessage({ payload: batch }).payload }, {});
    const [summary, ...ends] = msg.split('\n');
    assert.equal(summary, '4 events, 1.000000 to 4.000000 s, 1 gaps with lost events');
    assert.deepEqual(ends, [`at(0): ${JSON.stringify(events[0])}`, `at(3): ${JSON.stringify(events[3])}`]);
  });

  it('is plain data as JSON', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(batch)), { events, lost, damage: [], notes: [] });
  });

  it('refuses an index beyond its events', () => {
    assert.throws(() => batch.at(4), RangeError);
    const slice = sliceBatch(batch, 1, 2);
    assert.throws(() => slice.at(1), RangeError);
  });

  it('is sliced without losing or repeating what is beside its events', () => {
    const whole = new EventList(
      events,
      [...lost, { cpu: 1, ts: null, count: 1 }],
      [{ code: 'PAGE_LENGTH', atByte: 0 }],
      [{ kind: 'end', ts: 4, overrun: 0, dropped: 0 }],
    );
    const slices = [sliceBatch(whole, 0, 2), sliceBatch(whole, 2, 3), sliceBatch(whole, 3, 4)];
    assert.deepEqual(
      slices.flatMap((slice) => [...slice]),
      events,
    );
    assert.deepEqual(
      slices.map((slice) => slice.lost.map(({ count }) => count)),
      [[], [5], [1]],
    );
    assert.deepEqual(
      slices.map(({ damage, notes }) => [damage.length, notes.length]),
      [
        [1, 1],
        [0, 0],
        [0, 0],
      ],
    );
  });

  describe('of the kernel’s pages', () => {
    let flow: RunningFlow | undefined;
    before(async function () {
      await needs(this, { tracefs: true });
    });
    afterEach(() => flow?.stop());

    for (const form of ['batch', 'array', 'event']) {
      it(`gives plain events on each of two wires: ${form}`, async () => {
        flow = await RunningFlow.start([
          { id: 'configure', type: 'ftrace-configure', topic: 'wires-test', wires: [['run']] },
          {
            id: 'run',
            type: 'run-workload',
            command: 'true',
            commandType: 'str',
            wires: [['source'], [], []],
          },
          { id: 'source', type: 'trace-source', source: 'session', form, wires: [['one', 'two']] },
        ]);
        flow.send('configure');
        await flow.first('one', isComplete);
        await flow.first('two', isComplete);
        const [one, two] = ['one', 'two'].map((sink) =>
          flow!
            .all(sink)
            .slice(0, -1)
            .flatMap(({ payload }) => (form === 'event' ? [payload] : [...(payload as EventBatch)])),
        );
        assert.ok(one!.length > 10);
        assert.deepEqual(one, two);
        for (const each of one!) {
          const keys = Object.keys(each as TraceEvent).filter((key) => key !== 'stack');
          assert.deepEqual(keys, ['ts', 'cpu', 'pid', 'tgid', 'comm', 'name', 'fields', 'flags']);
          assert.equal(Object.getPrototypeOf(each), Object.prototype);
        }
      });
    }
  });

  it('keeps a scan at each event’s name and time in its slices', async () => {
    const { batches } = await openTraceFile('examples/life-of-a-process.trace.txt');
    for await (const whole of batches) {
      if (whole.length < 3) continue;
      const slice = sliceBatch(whole, 1, 3);
      const scan = slice.scan?.();
      for (const index of [0, 1]) {
        const expected = whole.at(index + 1);
        assert.deepEqual(slice.at(index), expected);
        if (scan === undefined) continue;
        assert.equal(scan.nameOf(scan.kindAt(index)), expected.name);
        assert.equal(scan.tsAt(index), expected.ts);
      }
    }
  });
});
