/** What a trace.dat says beside its pages. The expected times are those that trace-cmd 3.1.6 prints of these files. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { decompressorOf } from '../../src/readers/trace-dat/compression';
import { readTraceFile } from '../../src/readers/trace-file';
import { TraceError } from '../../src/trace-error';
import type { TraceEvent } from '../../src/trace-event';
import { composeDat, partsOf, type DatParts } from './compose-dat';
import { pagesOf, rawFile } from './raw-run';
import { DatFolder, type ReadDat } from './read-dat';
import { FIXTURES } from './read-text';

const OPTION = { date: 1, cpuStat: 2, uname: 5, offset: 7, cpuCount: 8, timeShift: 12, tsc: 14 };

type Option = readonly [id: number, data: Buffer];

function text(id: number, content: string): Option {
  return [id, Buffer.from(`${content}\0`)];
}

function words(...values: readonly (readonly [value: number | bigint, bytes: 4 | 8])[]): Buffer {
  return Buffer.concat(
    values.map(([value, bytes]) => {
      const word = Buffer.alloc(8);
      word.writeBigInt64LE(BigInt(value));
      return word.subarray(0, bytes);
    }),
  );
}

interface ClockSamples {
  readonly times: readonly bigint[];
  readonly offsets: readonly bigint[];
}

/** As a guest's trace has it, with a scale of one. */
function timeShift(flags: number, cpus: readonly ClockSamples[]): Option {
  const each = cpus.flatMap(({ times, offsets }) => [
    words([times.length, 4]),
    ...[times, offsets, times.map(() => 1n)].map((column) =>
      words(...column.map((value) => [value, 8] as const)),
    ),
  ]);
  const fractions = cpus.flatMap(({ times }) => times.map(() => [0, 8] as const));
  const head = words([7, 8], [flags, 4], [cpus.length, 4]);
  return [OPTION.timeShift, Buffer.concat([head, ...each, words(...fractions)])];
}

describe('an option of a trace.dat', () => {
  const folder = new DatFolder();
  after(() => {
    folder.remove();
  });

  function withOptions(
    version: 6 | 7,
    options: readonly Option[],
    more: Partial<DatParts> = {},
  ): Promise<ReadDat> {
    return folder.read(composeDat({ ...partsOf('7.3', version), options, ...more }));
  }

  /** The times of the first, the 299th and the last event, in the order of trace-cmd. */
  function times(events: readonly TraceEvent[]): string[] {
    return [events[0]!, events.at(-1)!].map((event) => `${event.ts.toFixed(9)} ${event.name}`);
  }

  for (const version of [6, 7] as const) {
    it(`OFFSET is added, in nanoseconds (v${version})`, async () => {
      const { events } = await withOptions(version, [text(OPTION.offset, '-1000007')]);
      assert.deepEqual(times(events), ['39.104782846 sys_exit_write', '39.391929335 sys_enter_write']);
    });

    it(`DATE is added, in microseconds, and makes the times those of the wall (v${version})`, async () => {
      const { events, notes } = await withOptions(version, [text(OPTION.date, '0x6543fa2b2e1f8')]);
      // The nearest double to a time of today has seven decimals.
      assert.deepEqual(
        [events[0]!, events.at(-1)!].map(({ ts }) => ts.toFixed(6)),
        ['1781482188.674799', '1781482188.961945'],
      );
      assert.ok(notes[0]?.kind === 'trace');
      assert.deepEqual(notes[0].wall, { ts: 0, unixSeconds: 0 });
    });

    it(`TSC2NSEC makes nanoseconds of ticks (v${version})`, async () => {
      const scale = words([0x5555_5555, 4], [32, 4], [0, 8]);
      const { events, notes } = await withOptions(version, [[OPTION.tsc, scale]], {
        clock: version === 6 ? 'local [tsc2nsec]\n' : 'tsc2nsec',
      });
      assert.deepEqual(times(events), ['13.035260947 sys_exit_write', '13.130976444 sys_enter_write']);
      assert.ok(notes[0]?.kind === 'trace');
      assert.equal(notes[0].clock, 'tsc2nsec');
    });
  }

  describe('TIME_SHIFT', () => {
    const start = 39_109_587_198n;
    const cpus = [
      { times: [start], offsets: [500_000_000n] },
      {
        times: [start + 40_000_000n, start, start + 1_000_000n],
        offsets: [700_000n, -300_000n, -200_000n],
      },
    ];

    it('brings the CPUs of a guest to the host’s clock, each by its own offsets, before they are merged', async () => {
      const { events } = await withOptions(7, [timeShift(0, cpus)]);
      assert.deepEqual(times(events), ['39.108287198 sys_exit_clone', '39.887259191 signal_generate']);
      assert.equal(events.length, 560);
    });

    it('runs from one offset to the next where the file says so', async () => {
      const { events } = await withOptions(7, [timeShift(1, cpus)]);
      assert.deepEqual(times(events), ['39.108187199 sys_exit_clone', '39.887259191 signal_generate']);
    });
  });

  // The kernel's own text prints these clocks as ticks and all others as seconds; trace-cmd 3.1.6 prints `boot` and
  // `tai` as ticks, and `uptime` as billionths.
  const clocks: [string, number][] = [
    ['counter', 39_105_782_853],
    ['uptime', 39_105_782_853],
    ['x86-tsc', 39_105_782_853],
    ['boot', 39.105782853],
    ['tai', 39.105782853],
    ['mono_raw', 39.105782853],
  ];
  for (const [clock, ts] of clocks) {
    it(`TRACECLOCK ${clock} makes the first time ${ts}`, async () => {
      for (const version of [6, 7] as const) {
        const stated = version === 6 ? `local [${clock}] perf\n` : clock;
        const { events, notes } = await withOptions(version, [], { clock: stated });
        assert.equal(events[0]!.ts, ts);
        assert.ok(notes[0]?.kind === 'trace');
        assert.equal(notes[0].clock, clock);
      }
    });
  }

  it('UNAME names the machine and its kernel, by whose version the flags are printed', async () => {
    const old = await withOptions(7, [text(OPTION.uname, 'Linux guest 4.19.0-6 #1 SMP x86_64')]);
    assert.deepEqual(old.notes, [
      { kind: 'trace', kernel: '4.19.0-6', clock: 'local', cpus: 2, host: 'guest' },
    ]);
    assert.ok(old.events.every(({ flags }) => flags.length === 4));
    const later = await withOptions(7, [text(OPTION.uname, 'Linux guest 6.12.0 #1 SMP x86_64')]);
    assert.ok(later.events.every(({ flags }) => flags.length === 5));
  });

  it('CPUSTAT says at the end what the kernel lost', async () => {
    const stats = (cpu: number, overrun: number, dropped: number): Option =>
      text(
        OPTION.cpuStat,
        `CPU: ${cpu}\nentries: 0\noverrun: ${overrun}\ncommit overrun: 9\nbytes: 0\ndropped events: ${dropped}\nread events: 5\n`,
      );
    const { notes, events } = await withOptions(6, [stats(0, 4294, 0), stats(1, 6, 17)]);
    assert.deepEqual(notes.at(-1), { kind: 'end', ts: events.at(-1)!.ts, overrun: 4300, dropped: 17 });
  });

  it('that nobody knows is passed over', async () => {
    const { events, damage } = await withOptions(7, [
      [6000, Buffer.from('from the future')],
      text(OPTION.uname, 'Linux guest 6.12.0 #1 SMP x86_64'),
    ]);
    assert.deepEqual([events.length, damage], [560, []]);
  });

  // FORMATS 2.6.4: trace-cmd 3.1.6 takes the length of this text for a number of CPUs, and stops.
  it('8 is CPUCOUNT only with four bytes; trees of 2018 kept saved_tgids there', async () => {
    const tgids = fs.readFileSync(rawFile('7.3', 'saved_tgids'), 'utf8');
    const { events, damage } = await withOptions(6, [text(OPTION.cpuCount, tgids)]);
    assert.deepEqual([events.length, damage], [560, []]);
    assert.match(tgids, /^875 875$/m);
    assert.equal(events.find(({ pid }) => pid === 875)?.tgid, 875);
  });
});

describe('in a trace.dat', () => {
  const folder = new DatFolder();
  after(() => {
    folder.remove();
  });

  it('what a CPU lost is a loss, on the clock of the events', async () => {
    const parts = partsOf('7.3', 7);
    const uncounted = pagesOf(rawFile('7.3', 'lost/cpu1.raw'));
    const cpus = [{ cpu: 1, pages: [...uncounted, withLoss(parts.buffers[0]!.cpus[1]!.pages[0]!, 42n)] }];
    const buffers = [{ name: '', cpus }];
    const plain = await folder.read(composeDat({ ...parts, buffers }));
    assert.deepEqual(plain.lost, [
      { cpu: 1, ts: 31.608142217, count: null },
      { cpu: 1, ts: 39.108587198, count: 42 },
    ]);
    const later = [text(OPTION.offset, '5000000000')];
    const moved = await folder.read(composeDat({ ...parts, buffers, options: later }));
    assert.deepEqual(moved.lost, [
      { cpu: 1, ts: 36.608142217, count: null },
      { cpu: 1, ts: 44.108587198, count: 42 },
    ]);
    assert.deepEqual([moved.damage, moved.events.length], [[], plain.events.length]);
  });

  for (const version of [6, 7] as const) {
    it(`a latency tracer’s text is read as text (v${version})`, async () => {
      const file = path.join(FIXTURES, 'kernels/7.3/formats_latency-format.txt');
      const expected: TraceEvent[] = [];
      for await (const batch of readTraceFile(file)) expected.push(...batch.toArray());
      const parts = { ...partsOf('7.3', version), text: fs.readFileSync(file, 'utf8') };
      const { events, damage } = await folder.read(composeDat(parts));
      assert.deepEqual(damage, []);
      assert.ok(expected.length > 500);
      assert.deepEqual(events, expected);
    });
  }

  it('zstd needs an engine that has it, and says so', () => {
    const { inflateSync } = zlib;
    assert.throws(
      () => decompressorOf('zstd', 'x.dat', { inflateSync }),
      (error) => {
        assert.ok(error instanceof TraceError);
        assert.equal(error.code, 'TRACE_FORMAT');
        assert.match(
          error.message,
          /zstd, which needs Node 22\.15 or later; or: trace-cmd convert .*none -i x\.dat/,
        );
        return true;
      },
    );
  });

  it('a compressor of another kind is refused by its name', async () => {
    const bytes = composeDat({ ...partsOf('7.3', 7), compressor: 'zlib' });
    bytes.write('lzma', bytes.indexOf('zlib'));
    await assert.rejects(folder.read(bytes), /TRACE_FORMAT|this is not a trace: .* compressed with lzma/);
  });
});

/** The page after a gap of so many events: RB_MISSED_EVENTS, RB_MISSED_STORED, and the number after the records. */
function withLoss(old: Uint8Array, count: bigint): Uint8Array {
  const page = new Uint8Array(old);
  const view = new DataView(page.buffer);
  const commit = view.getUint32(8, true);
  view.setUint32(8, (commit | 0xc000_0000) >>> 0, true);
  view.setBigUint64(16 + commit, count, true);
  return page;
}
