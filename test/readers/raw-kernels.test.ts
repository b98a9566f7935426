import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { RingEvent } from '../../src/readers/pages/ring-event';
import { RingReader } from '../../src/readers/pages/ring-reader';
import type { EventFields, TraceEvent } from '../../src/trace-event';
import { seededRandom } from './compose-page';
import { contextOf, pagesOf, RAW_KERNELS, rawFile, readerOf, type RawKernel } from './raw-run';
import { readText } from './read-text';
import { rounds } from '../harness/rounds';

const TURNS = rounds(500, 1500);

function textOf(kernel: RawKernel, file = 'trace.txt'): readonly TraceEvent[] {
  return readText(fs.readFileSync(rawFile(kernel, file))).events;
}

/** Each event of the pages with the same event of the text. */
function pairs(kernel: RawKernel): [RingEvent, TraceEvent][] {
  const batch = readerOf(kernel).flush(null);
  const text = textOf(kernel);
  assert.equal(batch.length, text.length);
  return text.map((event, index) => [batch.at(index), event]);
}

/** Nanoseconds as ftrace prints them: microseconds, half up (`ns2usecs()` in kernel/trace/trace.c). */
function asPrinted(event: RingEvent): number {
  const { sec, nsec } = event.time;
  return (sec * 1e6 + Math.floor((nsec + 500) / 1000)) / 1e6;
}

/**
 * Without what text cannot have, or has in another form: the number of a system call is its name in text, a
 * probe's address is a function there, and since 6.19 an open has its mode only where its flags say that it counts.
 */
function comparable(name: string, fields: EventFields): EventFields {
  const left = name === 'sys_enter_openat' ? ['__syscall_nr', 'mode'] : ['__syscall_nr', '__probe_ip'];
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !left.includes(field)));
}

for (const kernel of RAW_KERNELS) {
  describe(`the raw pages of a run on ${kernel}, beside the text of the same run`, () => {
    it('have the same events at the same microsecond, on the same CPU, of the same task, with the same flags', () => {
      for (const [raw, text] of pairs(kernel)) {
        assert.deepEqual(
          [raw.name, raw.cpu, raw.pid, raw.tgid, raw.flags, asPrinted(raw)],
          [text.name, text.cpu, text.pid, text.tgid, text.flags, text.ts],
        );
      }
    });

    it('have the same fields, but for __syscall_nr, __probe_ip and the mode of openat', () => {
      for (const [raw, text] of pairs(kernel)) {
        assert.deepEqual(comparable(raw.name, raw.fields), comparable(text.name, text.fields), raw.name);
      }
    });

    it('give __probe_ip as an address in the function that text names', () => {
      const probes = pairs(kernel).filter(([raw]) => raw.name === 'do_sy_open');
      assert.ok(probes.length > 0);
      for (const [raw, text] of probes) {
        assert.match(String(raw.fields['__probe_ip']), /^0xffffffff8[0-9a-f]{7}$/);
        assert.match(String(text.fields['__probe_ip']), /^do_sys_openat2\+0x0\//);
      }
    });

    it('have the same call traces', () => {
      const traced = pairs(kernel).filter(([, text]) => text.stack !== undefined);
      assert.ok(traced.length >= 4);
      for (const [raw, text] of pairs(kernel)) assert.deepEqual(raw.stack, text.stack);
    });

    it('give the name that a task had then, where text gives its last', () => {
      const { names } = readerOf(kernel).flush(null).backing().context;
      const all = pairs(kernel);
      const earlier = all.filter(([raw, text]) => raw.comm !== text.comm);
      // The child is a bash until its exec has renamed it.
      assert.deepEqual(new Set(earlier.map(([raw]) => raw.comm)), new Set(['bash']));
      assert.ok(earlier.some(([, text]) => text.comm === 'a.out'));
      for (const [raw, text] of all) {
        assert.equal(all.at(-1)![0].context.names.at(raw.pid, Infinity, 0), text.comm);
      }
      assert.equal(names.at(all[0]![0].pid, 0, 0), 'bash');
    });

    it('are as many as the kernel counted, and nothing is lost or damaged', () => {
      const batch = readerOf(kernel).flush(null);
      const counted = /^# entries-in-buffer\/entries-written: (\d+)\//m.exec(
        fs.readFileSync(rawFile(kernel, 'trace.txt'), 'latin1'),
      )?.[1];
      const stacks = batch.toArray().filter((event) => event.stack !== undefined).length;
      assert.equal(batch.length + stacks, Number(counted));
      assert.deepEqual([batch.lost, batch.damage], [[], []]);
    });

    it('never throw when some of their bytes are others, whoever looks at the events', () => {
      const pages = [0, 1].map((cpu) => pagesOf(rawFile(kernel, `cpu${cpu}.raw`)));
      const context = contextOf(kernel);
      const random = seededRandom(3);
      let damaged = 0;
      for (let turn = 0; turn < TURNS; turn++) {
        const ring = new RingReader({ ...context, names: contextOf(kernel).names });
        const stream = ring.addStream(0, 0);
        const original = pages[turn % 2]!;
        const page = Uint8Array.from(original[Math.floor(random() * original.length)]!);
        const mutations = 1 + Math.floor(random() * 12);
        for (let i = 0; i < mutations; i++) page[Math.floor(random() * page.length)] = random() * 256;
        ring.push(stream, random() < 0.1 ? page.subarray(0, random() * page.length) : page);
        const batch = ring.flush(null);
        assert.ok(JSON.stringify(batch).length > 0);
        assert.equal(batch.toArray().length, batch.length);
        assert.ok(batch.damage.length <= batch.length + 1);
        damaged += batch.damage.length;
      }
      assert.ok(damaged > TURNS / 15);
    }).timeout(60_000);
  });
}

describe('the raw pages of a CPU that lost events', () => {
  it('tell so, with the time of the first event after the gap', () => {
    const { lost, damage } = readerOf('7.3', 'lost').flush(null);
    assert.deepEqual(damage, []);
    // The page was full: the kernel had no room for the number that its text counts, 39899.
    assert.deepEqual(lost, [{ cpu: 1, ts: 31.608142217, count: null }]);
  });

  it('have the same events as the text, up to the names', () => {
    const raw = readerOf('7.3', 'lost').flush(null).toArray();
    const text = textOf('7.3', 'lost/trace.txt');
    const shown = (event: TraceEvent): unknown => [
      event.name,
      event.cpu,
      event.pid,
      event.flags,
      comparable(event.name, event.fields),
    ];
    assert.deepEqual(raw.map(shown), text.map(shown));
  });
});
