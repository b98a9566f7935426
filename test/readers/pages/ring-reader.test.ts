import assert from 'node:assert/strict';
import { util as RED } from '@node-red/util';
import { PageMerger } from '../../../src/readers/pages/page-merger';
import { ringBatch, type RingBatch } from '../../../src/readers/pages/ring-batch';
import { RingReader } from '../../../src/readers/pages/ring-reader';
import { RowFilter, type RingWatch } from '../../../src/readers/pages/row-filter';
import type { TraceTime } from '../../../src/readers/pages/trace-time';
import { composePage, seededRandom, type ComposedRecord } from '../compose-page';
import {
  IN_HARD_INTERRUPT,
  kernelStack,
  schedProcessFork,
  signalGenerate,
  smallKernel,
  taskNewtask,
  taskRename,
  tick,
} from '../small-kernel';

/** Records at absolute ticks, as one page. */
function pageAt(...records: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const base = records[0]?.[0] ?? 0;
  let before = base;
  return composePage(
    BigInt(base),
    records.map(([ticks, payload]): ComposedRecord => {
      const delta = ticks - before;
      before = ticks;
      return { delta, payload };
    }),
  );
}

/** The same page with a mark that events were lost before it. */
function behindLoss(page: Uint8Array, count?: number): Uint8Array {
  const view = new DataView(page.buffer);
  const committed = view.getUint32(8, true);
  view.setUint32(8, committed + (count === undefined ? 0x80000000 : 0xc0000000), true);
  if (count !== undefined) view.setBigUint64(16 + committed, BigInt(count), true);
  return page;
}

function time(ticks: number): TraceTime {
  return { sec: Math.floor(ticks / 1e9), nsec: ticks % 1e9 };
}

function numbers(batch: RingBatch): number[] {
  return batch.toArray().map((event) => Number(event.fields['number']));
}

function readerOf(streams: number): RingReader {
  const ring = new RingReader(smallKernel());
  for (let cpu = 0; cpu < streams; cpu++) assert.equal(ring.addStream(cpu, 0), cpu);
  return ring;
}

describe('the merge of many CPUs', () => {
  it('is in order of time', () => {
    const ring = readerOf(3);
    ring.push(2, pageAt([10, tick(1)], [40, tick(4)]));
    ring.push(0, pageAt([20, tick(2)]));
    ring.push(1, pageAt([30, tick(3)], [50, tick(5)]));
    const batch = ring.flush(null);
    assert.deepEqual(numbers(batch), [1, 2, 3, 4, 5]);
    assert.deepEqual(
      batch.toArray().map((event) => event.cpu),
      [2, 0, 1, 2, 1],
    );
  });

  it('has the lowest stream first where times are equal, as the kernel has', () => {
    const ring = readerOf(4);
    ring.push(3, pageAt([10, tick(5)], [10, tick(6)]));
    ring.push(1, pageAt([5, tick(1)], [10, tick(3)]));
    ring.push(2, pageAt([10, tick(4)], [11, tick(8)]));
    ring.push(0, pageAt([10, tick(2)], [11, tick(7)]));
    assert.deepEqual(numbers(ring.flush(null)), [1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('tells the instance of an event, where two instances traced one CPU', () => {
    const ring = new RingReader(smallKernel());
    const inner = ring.addStream(0, 0);
    const outer = ring.addStream(0, 1);
    ring.push(outer, pageAt([10, tick(1)]));
    ring.push(inner, pageAt([10, tick(0)]));
    const batch = ring.flush(null);
    assert.deepEqual(
      [...batch].map((event) => [event.instanceNumber, event.cpu, event.fields['number']]),
      [
        [0, 0, 0],
        [1, 0, 1],
      ],
    );
  });

  it('keeps nanoseconds apart that a double cannot', () => {
    const ring = readerOf(2);
    const base = 2n ** 60n;
    ring.push(0, composePage(base + 1n, [{ delta: 0, payload: tick(2) }]));
    ring.push(1, composePage(base, [{ delta: 0, payload: tick(1) }]));
    assert.deepEqual(numbers(ring.flush(null)), [1, 2]);
  });

  it('is of nothing where nothing was pushed', () => {
    const batch = readerOf(2).flush(null);
    assert.equal(batch.length, 0);
    assert.deepEqual(batch.toJSON(), { events: [], lost: [], damage: [], notes: [] });
    assert.throws(() => batch.at(0), RangeError);
    assert.throws(() => batch.at(-1), RangeError);
  });
});

describe('a watermark', () => {
  it('lets out only what is earlier, and the rest later', () => {
    const ring = readerOf(2);
    ring.push(0, pageAt([10, tick(1)], [30, tick(3)]));
    ring.push(1, pageAt([20, tick(2)], [40, tick(4)]));
    assert.deepEqual(numbers(ring.flush(time(30))), [1, 2]);
    assert.deepEqual(numbers(ring.flush(time(30))), []);
    assert.deepEqual(numbers(ring.flush(time(31))), [3]);
    assert.deepEqual(ring.lastTime(0), null);
    assert.deepEqual(ring.lastTime(1), { sec: 0, nsec: 40 });
    assert.deepEqual(numbers(ring.flush(null)), [4]);
    assert.deepEqual(numbers(ring.flush(null)), []);
  });

  it('anywhere loses no event, doubles none and keeps their order', () => {
    const random = seededRandom(4);
    for (let turn = 0; turn < 200; turn++) {
      const streams = 1 + Math.floor(random() * 6);
      const ring = readerOf(streams);
      const all: { ticks: number; stream: number; number: number }[] = [];
      const clocks = new Array<number>(streams).fill(0);
      const read: number[] = [];
      let number = 0;
      for (let step = 0; step < 20; step++) {
        const stream = Math.floor(random() * streams);
        const records: [number, Uint8Array][] = [];
        const count = Math.floor(random() * 40);
        for (let i = 0; i < count; i++) {
          // Small steps, so that ties are many.
          const ticks = (clocks[stream] = clocks[stream]! + Math.floor(random() * 4));
          all.push({ ticks, stream, number });
          records.push([ticks, tick(number++)]);
        }
        ring.push(stream, pageAt(...records));
        // As far as each CPU has come, no further.
        if (random() < 0.5)
          read.push(...numbers(ring.flush(time(Math.floor(Math.min(...clocks) * random())))));
      }
      read.push(...numbers(ring.flush(null)));
      all.sort((a, b) => a.ticks - b.ticks || a.stream - b.stream || a.number - b.number);
      assert.deepEqual(
        read,
        all.map((event) => event.number),
      );
    }
  });

  it('leaves batches as they were, whatever comes later', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([10, signalGenerate(9)], [11, kernelStack([0, 1])], [20, tick(2)]));
    const first = ring.flush(time(20));
    const before = JSON.stringify(first);
    for (let page = 0; page < 20; page++) {
      ring.push(0, pageAt([30 + page, tick(page)], [30 + page, kernelStack([2])]));
      ring.flush(time(30 + page));
    }
    assert.equal(JSON.stringify(first), before);
  });
});

describe('a call trace', () => {
  function stacks(batch: RingBatch): unknown[] {
    return batch.toArray().map((event) => [event.name, event.stack]);
  }

  it('belongs to the event before it, innermost first', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([10, signalGenerate(9)], [11, kernelStack([0, 1, 2])], [20, tick(1)]));
    assert.deepEqual(stacks(ring.flush(null)), [
      ['signal_generate', ['send_signal_locked', 'do_send_sig_info', '__x64_sys_kill']],
      ['tick', undefined],
    ]);
  });

  it('may be on the next page, with a flush between', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([5, tick(1)], [10, signalGenerate(9)]));
    assert.deepEqual(stacks(ring.flush(ring.lastTime(0))), [['tick', undefined]]);
    ring.push(0, pageAt([11, kernelStack([0])], [12, tick(2)]));
    assert.deepEqual(stacks(ring.flush(null)), [
      ['signal_generate', ['send_signal_locked']],
      ['tick', undefined],
    ]);
  });

  it('is of the task where an interrupt came between, and the interrupt’s is its own', () => {
    const ring = readerOf(1);
    ring.push(
      0,
      pageAt(
        [10, signalGenerate(15)],
        [11, signalGenerate(14, 100, IN_HARD_INTERRUPT)],
        [12, kernelStack([1], 100, IN_HARD_INTERRUPT)],
        [13, kernelStack([2])],
      ),
    );
    assert.deepEqual(stacks(ring.flush(null)), [
      ['signal_generate', ['__x64_sys_kill']],
      ['signal_generate', ['do_send_sig_info']],
    ]);
  });

  it('is of the task where an event of its interrupt without a call trace came between', () => {
    const ring = readerOf(1);
    ring.push(
      0,
      pageAt([10, signalGenerate(15)], [11, tick(1, 100, IN_HARD_INTERRUPT)], [12, kernelStack([2])]),
    );
    assert.deepEqual(stacks(ring.flush(null)), [
      ['signal_generate', ['__x64_sys_kill']],
      ['tick', undefined],
    ]);
  });

  it('is an event where the event before has one, or is of another task', () => {
    const ring = readerOf(1);
    ring.push(
      0,
      pageAt(
        [10, tick(0)],
        [11, signalGenerate(9)],
        [12, kernelStack([0])],
        [13, kernelStack([1])],
        [14, kernelStack([2], 101)],
      ),
    );
    assert.deepEqual(stacks(ring.flush(null)), [
      ['tick', undefined],
      ['signal_generate', ['send_signal_locked']],
      ['kernel_stack', undefined],
      ['kernel_stack', undefined],
    ]);
  });

  it('is not of an event before a gap', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([10, signalGenerate(9)]));
    ring.push(0, behindLoss(pageAt([20, kernelStack([0])])));
    assert.deepEqual(stacks(ring.flush(null)), [
      ['signal_generate', undefined],
      ['kernel_stack', undefined],
    ]);
  });

  it('is of an event after a gap, also when what was before the gap is gone', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([10, tick(1)]));
    ring.push(0, behindLoss(pageAt([20, signalGenerate(9)])));
    assert.equal(ring.flush(time(20)).length, 1);
    ring.push(0, pageAt([21, kernelStack([0])]));
    assert.deepEqual(stacks(ring.flush(null)), [['signal_generate', ['send_signal_locked']]]);
  });

  it('keeps an address that no function holds', () => {
    const ring = readerOf(1);
    const stack = kernelStack([0]);
    new DataView(stack.buffer).setBigUint64(16, 0xffffffff80000000n, true);
    ring.push(0, pageAt([10, signalGenerate(9)], [11, stack]));
    assert.deepEqual(ring.flush(null).at(0).stack, ['0xffffffff80000000']);
  });
});

describe('lost events', () => {
  it('come in order of time, each with the batch of the event after it', () => {
    const ring = readerOf(2);
    ring.push(0, behindLoss(pageAt([30, tick(3)]), 7));
    ring.push(1, behindLoss(pageAt([10, tick(1)])));
    ring.push(1, behindLoss(pageAt([40, tick(4)]), 1));
    assert.deepEqual(ring.flush(time(30)).lost, [{ cpu: 1, ts: 10e-9, count: null }]);
    assert.deepEqual(ring.flush(null).lost, [
      { cpu: 0, ts: 30e-9, count: 7 },
      { cpu: 1, ts: 40e-9, count: 1 },
    ]);
    assert.deepEqual(ring.flush(null).lost, []);
  });

  it('have the time of the page where no event is after them', () => {
    const ring = readerOf(1);
    ring.push(0, behindLoss(composePage(50n, []), 3));
    assert.deepEqual(ring.flush(null).lost, [{ cpu: 0, ts: 50e-9, count: 3 }]);
  });
});

describe('damage', () => {
  it('has its place in the file, and does not hide the pages after it', () => {
    const ring = readerOf(1);
    const broken = pageAt([10, tick(1)], [11, tick(2)]);
    // The second record claims 28 words.
    broken[16 + 16] = 28 | (1 << 5);
    ring.push(0, broken, 4096);
    ring.push(0, new Uint8Array(7), 8192);
    ring.push(0, pageAt([20, tick(3)]), 12288);
    const batch = ring.flush(null);
    assert.deepEqual(numbers(batch), [1, 3]);
    assert.deepEqual(batch.damage, [
      { code: 'RECORD_LENGTH', atByte: 4096 + 32 },
      { code: 'PAGE_SHORT', atByte: 8192 },
    ]);
    assert.deepEqual(ring.flush(null).damage, []);
  });

  it('is a record too short for what all records begin with; the next is read', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([10, Uint8Array.of(30, 0, 0, 0)], [11, tick(2)]));
    const batch = ring.flush(null);
    assert.deepEqual(numbers(batch), [2]);
    assert.deepEqual(batch.damage, [{ code: 'RECORD_SHORT', atByte: 16 }]);
  });

  it('is not an event of unknown format: that has a name by its number, and no fields', () => {
    const ring = readerOf(1);
    const unknown = tick(1);
    unknown[0] = 99;
    ring.push(0, pageAt([10, unknown]));
    const batch = ring.flush(null);
    assert.deepEqual(batch.damage, []);
    assert.deepEqual(batch.at(0).toJSON(), {
      ts: 10e-9,
      cpu: 0,
      pid: 100,
      tgid: null,
      comm: null,
      name: 'unknown_event_99',
      fields: {},
      flags: '.....',
    });
  });
});

describe('a watch', () => {
  it('sees its events in order, and drops those that it refuses', () => {
    const seen: unknown[] = [];
    const watch: RingWatch = {
      events: ['signal_generate', 'an event that this kernel does not have'],
      see: (event) => {
        seen.push([event.pid, event.field('sig'), event.stack]);
        return event.pid !== 200;
      },
    };
    const context = smallKernel();
    const ring = new PageMerger(context.table);
    for (const cpu of [0, 1]) ring.addStream(cpu, 0);
    ring.push(0, pageAt([10, tick(1)], [20, signalGenerate(9)], [30, tick(3)]));
    ring.push(1, pageAt([15, signalGenerate(17, 200)], [16, kernelStack([0], 200)], [25, tick(4, 200)]));
    const batch = ringBatch(ring.flush(null), new RowFilter(context, watch), []);
    assert.deepEqual(seen, [
      [200, 17, ['send_signal_locked']],
      [100, 9, undefined],
    ]);
    assert.deepEqual(
      batch.toArray().map((event) => [event.name, event.pid, event.stack]),
      [
        ['tick', 100, undefined],
        ['signal_generate', 100, undefined],
        ['tick', 200, undefined],
        ['tick', 100, undefined],
      ],
    );
  });
});

describe('the names of tasks', () => {
  it('are those of the time: by fork the parent’s, by rename their own', () => {
    const ring = readerOf(2);
    ring.push(0, pageAt([10, schedProcessFork(100, 101, 'bash')], [30, tick(0, 101)]));
    ring.push(1, pageAt([15, tick(1, 101)], [20, taskRename(101, 'a.out')], [40, tick(2, 101)]));
    ring.context.names.seed(100, 'bash');
    assert.deepEqual(
      ring
        .flush(null)
        .toArray()
        .map((event) => event.comm),
      ['bash', 'bash', 'a.out', 'a.out', 'a.out'],
    );
  });

  it('and thread groups come from task_newtask, too', () => {
    const ring = readerOf(1);
    ring.push(
      0,
      pageAt(
        [10, taskNewtask(100, 101, 'bash', 0x1200000)],
        [11, taskNewtask(101, 102, 'worker', 0x10f00)],
        [12, tick(1, 102)],
        [13, tick(2, 101)],
      ),
    );
    assert.deepEqual(
      ring
        .flush(null)
        .toArray()
        .slice(2)
        .map((event) => [event.pid, event.tgid, event.comm]),
      [
        [102, 101, 'worker'],
        [101, 101, 'bash'],
      ],
    );
  });

  it('are <idle> for the task that runs when none does', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([10, tick(1, 0)]));
    assert.equal(ring.flush(null).at(0).comm, '<idle>');
  });
});

describe('the flags of an event', () => {
  const flags: [number, number, string][] = [
    [0x00, 0x00, '.....'],
    [0x01, 0x01, 'd..1.'],
    [0x80, 0x10, 'b...1'],
    [0x81, 0x00, 'D....'],
    [0x04, 0x00, '.n...'],
    [0x02, 0x00, '.l...'],
    [0x06, 0x00, '.b...'],
    [0x20, 0x00, '.p...'],
    [0x24, 0x00, '.N...'],
    [0x22, 0x00, '.L...'],
    [0x26, 0x00, '.B...'],
    [0x08, 0xab, '..hba'],
    [0x10, 0x00, '..s..'],
    [0x18, 0x00, '..H..'],
    [0x40, 0x00, '..z..'],
    [0x48, 0x00, '..Z..'],
  ];
  for (const [bits, counts, columns] of flags) {
    it(`0x${bits.toString(16)} with counts 0x${counts.toString(16)} are ${columns}`, () => {
      const ring = readerOf(1);
      const record = tick(1, 100, bits);
      record[3] = counts;
      ring.push(0, pageAt([10, record]));
      assert.equal(ring.flush(null).at(0).flags, columns);
    });
  }

  it('are four before 5.15', () => {
    const ring = new RingReader({ ...smallKernel(), flagStyle: { columns: 4, lazyReschedule: true } });
    ring.push(ring.addStream(0, 0), pageAt([10, tick(1)]));
    assert.equal(ring.flush(null).at(0).flags, '....');
  });
});

describe('a batch', () => {
  it('costs its copies nothing: a clone shares its backing', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([10, tick(1)]));
    const batch = ring.flush(null);
    const noted = batch.withNotes([{ kind: 'inode', dev: 1, ino: 2, path: '/x' }]);
    assert.equal(noted.backing().rows, batch.backing().rows);
    assert.deepEqual(noted.notes, [{ kind: 'inode', dev: 1, ino: 2, path: '/x' }]);
    assert.deepEqual(batch.notes, []);
    assert.equal(batch.withNotes([]), batch);
  });

  it('is cloned by Node-RED without its pages, and so is an event of it alone', () => {
    const ring = readerOf(2);
    ring.push(0, pageAt([10, tick(1)], [20, signalGenerate(9)]));
    ring.push(1, pageAt([15, tick(2)]));
    const batch = ring.flush(null);
    const copy = RED.cloneMessage({ _msgid: '', payload: batch }).payload;
    assert.notEqual(copy, batch);
    assert.equal(copy.backing, batch.backing);
    assert.deepEqual(copy.toJSON(), batch.toJSON());
    const event = batch.at(2);
    for (const alone of [event, copy.at(2)]) {
      const cloned = RED.cloneMessage({ _msgid: '', payload: alone }).payload;
      assert.notEqual(cloned, alone);
      assert.equal(cloned.backing, batch.backing);
      assert.deepEqual(cloned.toJSON(), event.toJSON());
      assert.equal(cloned.field('sig'), 9);
    }
  });

  it('gives plain objects as an array', () => {
    const ring = readerOf(1);
    ring.push(0, pageAt([10, tick(1)]));
    const [event] = ring.flush(null).toArray();
    assert.deepEqual(structuredClone(event), event);
    assert.equal(Object.getPrototypeOf(event), Object.prototype);
  });
});
