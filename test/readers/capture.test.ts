import assert from 'node:assert/strict';
import { CAPTURE_MAGIC } from '../../src/readers/capture/capture-layout';
import { CaptureReader } from '../../src/readers/capture/capture-reader';
import { CaptureWriter } from '../../src/readers/capture/capture-writer';
import { RingBatch } from '../../src/readers/pages/ring-batch';
import { RingReader } from '../../src/readers/pages/ring-reader';
import type { Damage, EventBatch, Loss, TraceEvent, TraceNote } from '../../src/trace-event';
import { isLongRun, rounds } from '../harness/rounds';
import { composePage, seededRandom } from './compose-page';
import { contextOf, pagesOf, RAW_KERNELS, rawFile } from './raw-run';
import { kernelStack, schedProcessFork, signalGenerate, smallKernel, taskRename, tick } from './small-kernel';

interface Told {
  readonly events: TraceEvent[];
  readonly lost: Loss[];
  readonly damage: Damage[];
  readonly notes: TraceNote[];
}

function told(batches: readonly EventBatch[]): Told {
  return {
    events: batches.flatMap((batch) => batch.toArray()),
    lost: batches.flatMap((batch) => batch.lost),
    damage: batches.flatMap((batch) => batch.damage),
    notes: batches.flatMap((batch) => batch.notes),
  };
}

/** All that a capture says, read in pieces of `pieceBytes`. */
function read(capture: Uint8Array, pieceBytes = Infinity): Told {
  const reader = new CaptureReader();
  const batches: EventBatch[] = [];
  for (let at = 0; at < capture.length; at += pieceBytes) {
    batches.push(reader.push(capture.subarray(at, Math.min(capture.length, at + pieceBytes))));
  }
  return told([...batches, reader.end()]);
}

const NOTES: readonly TraceNote[] = [
  { kind: 'trace', kernel: '7.3.4', clock: 'mono', cpus: 2, wall: { ts: 1, unixSeconds: 1_700_000_000 } },
  { kind: 'inode', dev: (254 << 20) | 1, ino: 42, path: '/usr/bin/ä "quoted"' },
];

/** Two batches with all that a batch can have; the bytes of each chunk, and what they say. */
function smallCapture(): { chunks: Buffer[]; live: Told } {
  const context = smallKernel();
  const ring = new RingReader(context);
  const first = ring.addStream(0, 0);
  const second = ring.addStream(3, 1);
  const writer = new CaptureWriter(context);
  const chunks = [writer.head()];
  const batches: RingBatch[] = [];
  const flush = (before: { sec: number; nsec: number } | null, notes: readonly TraceNote[]): void => {
    const batch = ring.flush(before, notes);
    batches.push(batch);
    chunks.push(writer.batch(batch));
  };
  context.names.seed(100, 'bash');
  context.names.seedGroup(100, 100);
  const at = (delta: number, payload: Uint8Array): { delta: number; payload: Uint8Array } => ({
    delta,
    payload,
  });
  ring.push(
    first,
    composePage(2n ** 59n, [
      at(0, tick(1)),
      at(5, signalGenerate(9)),
      at(1, kernelStack([0, 1, 2])),
      at(1, schedProcessFork(100, 101, 'bash')),
      at(1000, tick(2, 101)),
    ]),
  );
  flush({ sec: Number(2n ** 59n / 1_000_000_000n), nsec: Number(2n ** 59n % 1_000_000_000n) + 500 }, NOTES);
  context.names.seed(200, 'older');
  const lossy = composePage(2n ** 59n + 600n, [at(0, taskRename(101, 'a.out')), at(1, tick(3, 200))]);
  const committed = new DataView(lossy.buffer).getUint32(8, true);
  new DataView(lossy.buffer).setUint32(8, committed + 0x80000000, true);
  ring.push(second, lossy);
  ring.push(second, new Uint8Array(3), 4096);
  flush(null, []);
  flush(null, [{ kind: 'end', ts: 1, overrun: 0, dropped: 0 }]);
  return { chunks, live: told(batches) };
}

describe('a capture', () => {
  it('gives back what was live: events, call traces by name, names, losses, damage and notes', () => {
    const { chunks, live } = smallCapture();
    assert.equal(live.events.length, 6);
    assert.equal(live.lost.length, 1);
    assert.equal(live.damage.length, 1);
    assert.deepEqual(
      live.events.map((event) => event.comm),
      ['bash', 'bash', 'bash', 'a.out', 'older', 'a.out'],
    );
    assert.deepEqual(live.events[1]?.stack, ['send_signal_locked', 'do_send_sig_info', '__x64_sys_kill']);
    assert.deepEqual(read(Buffer.concat(chunks)), live);
  });

  for (const kernel of RAW_KERNELS) {
    it(`gives back a run on ${kernel}, flushed page by page`, () => {
      const context = contextOf(kernel);
      const ring = new RingReader(context);
      const writer = new CaptureWriter(context);
      const chunks = [writer.head()];
      const batches: RingBatch[] = [];
      const streams = [0, 1].map((cpu) => ring.addStream(cpu, 0));
      const pages = streams.map((cpu) => pagesOf(rawFile(kernel, `cpu${cpu}.raw`)));
      for (let turn = 0; turn < 5; turn++) {
        for (const stream of streams) {
          const page = pages[stream]![turn];
          if (page !== undefined) ring.push(stream, page, turn * 4096);
        }
        const times = streams.flatMap((stream) => ring.lastTime(stream) ?? []);
        times.sort((a, b) => a.sec - b.sec || a.nsec - b.nsec);
        const batch = ring.flush(turn === 4 ? null : (times[0] ?? null));
        batches.push(batch);
        chunks.push(writer.batch(batch));
      }
      const live = told(batches);
      assert.equal(live.events.length, 560);
      assert.deepEqual(read(Buffer.concat(chunks)), live);
      assert.deepEqual(read(Buffer.concat(chunks), 1000), live);
    });
  }

  it('gives the same in pieces of any size', () => {
    const { chunks, live } = smallCapture();
    const capture = Buffer.concat(chunks);
    for (const pieceBytes of [1, 2, 3, 7, 8, 16, 64, 1000]) assert.deepEqual(read(capture, pieceBytes), live);
  });

  it('gives the same cut in two, wherever that is', () => {
    const { chunks, live } = smallCapture();
    const capture = Buffer.concat(chunks);
    // Every third byte comes by every place of a field of two, four or eight.
    for (let cut = 0; cut <= capture.length; cut += isLongRun ? 1 : 3) {
      const reader = new CaptureReader();
      const batches = [
        reader.push(capture.subarray(0, cut)),
        reader.push(capture.subarray(cut)),
        reader.end(),
      ];
      assert.deepEqual(told(batches), live, `at ${cut}`);
    }
  });

  it('says each name and thread group from before the trace once', () => {
    const { chunks } = smallCapture();
    assert.deepEqual(
      chunks.map((chunk) => /"names":(.*?),"groups":(.*?)}/.exec(chunk.toString('latin1'))?.slice(1)),
      [undefined, ['[[100,"bash"]]', '[[100,100]]'], ['[[200,"older"]]', '[]'], ['[]', '[]']],
    );
  });

  it('gives its events as soon as their chunk is whole', () => {
    const { chunks } = smallCapture();
    const reader = new CaptureReader();
    assert.deepEqual(
      chunks.map((chunk) => reader.push(chunk).length),
      [0, 3, 3, 0],
    );
  });

  it('is one batch of rows, however many chunks came at once', () => {
    const { chunks, live } = smallCapture();
    const batch = new CaptureReader().push(Buffer.concat(chunks));
    assert.ok(batch instanceof RingBatch);
    assert.deepEqual(batch.toArray(), live.events);
  });

  it('does not change with the bytes that it was read from', () => {
    const { chunks, live } = smallCapture();
    const bytes = Buffer.concat(chunks);
    const batch = new CaptureReader().push(bytes);
    bytes.fill(0xff);
    assert.deepEqual(batch.toArray(), live.events);
  });

  it('cut off anywhere gives its whole chunks and one damage, at the start of the cut one', () => {
    const { chunks, live } = smallCapture();
    const capture = Buffer.concat(chunks);
    const ends = chunks.map((_, index) =>
      chunks.slice(0, index + 1).reduce((sum, chunk) => sum + chunk.length, 0),
    );
    const eventsBy = [0, 3, 6, 6];
    for (let cut = 1; cut < capture.length; cut++) {
      const { events, damage } = read(capture.subarray(0, cut));
      const whole = ends.filter((end) => end <= cut).length;
      assert.deepEqual(events, live.events.slice(0, whole === 0 ? 0 : eventsBy[whole - 1]), `at ${cut}`);
      const cutDamage = damage.filter(({ code }) => code === 'CAPTURE_CUT');
      if (ends.includes(cut) || cut === CAPTURE_MAGIC.length) {
        assert.deepEqual(cutDamage, []);
      } else {
        const start = cut < CAPTURE_MAGIC.length ? 0 : whole === 0 ? CAPTURE_MAGIC.length : ends[whole - 1]!;
        assert.deepEqual(cutDamage, [{ code: 'CAPTURE_CUT', atByte: start }], `at ${cut}`);
      }
    }
  });

  it('without a byte is cut, too', () => {
    assert.deepEqual(read(Buffer.alloc(0)).damage, [{ code: 'CAPTURE_CUT', atByte: 0 }]);
  });

  it('with some bytes changed never throws, and tells what it could not read', () => {
    const { chunks } = smallCapture();
    const capture = Buffer.concat(chunks);
    const random = seededRandom(5);
    const codes = new Set<string>();
    for (let turn = 0; turn < rounds(1500, 6000); turn++) {
      const mutated = Uint8Array.from(capture);
      const changes = 1 + Math.floor(random() * 4);
      for (let i = 0; i < changes; i++) {
        // Digits and brackets as often as any byte: they keep the JSON whole, and make it lie.
        const byte = random() < 0.5 ? random() * 256 : '0123456789[]{}",-'.charCodeAt(random() * 17);
        mutated[Math.floor(random() * mutated.length)] = byte;
      }
      const one = read(mutated);
      assert.ok(JSON.stringify(one).length > 0);
      assert.deepEqual(read(mutated, 500), one);
      for (const { code } of one.damage) codes.add(code);
    }
    for (const code of ['CAPTURE_MAGIC', 'CAPTURE_CHUNK', 'CAPTURE_CUT']) assert.ok(codes.has(code), code);
  }).timeout(60_000);
});

describe('a damaged capture', () => {
  function chunkOf(kind: number, meta: unknown, columns: Buffer = Buffer.alloc(0)): Buffer {
    const json = Buffer.from(JSON.stringify(meta));
    const header = Buffer.alloc(16);
    header.writeUInt32LE(kind, 0);
    header.writeUInt32LE(json.length, 4);
    header.writeUInt32LE(columns.length, 8);
    const pad = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)]);
    return Buffer.concat([header, pad(json), pad(columns)]);
  }

  const head = new CaptureWriter(smallKernel()).head();
  const tables = head.subarray(CAPTURE_MAGIC.length);
  const empty = { streams: [], lost: [], damage: [], notes: [], stacks: [], names: [], groups: [] };

  const withRows = (rows: number) => ({ ...empty, streams: [{ cpu: 0, instance: 0, rows }] });
  const row = Buffer.alloc(48);
  row.writeUInt32LE(8, 24);
  row.writeInt32LE(-1, 32);
  const record = Buffer.alloc(8);

  it('may have a batch without a row', () => {
    assert.deepEqual(read(Buffer.concat([head, chunkOf(2, empty)])), told([]));
    const oneRow = chunkOf(2, withRows(1), Buffer.concat([row, Buffer.alloc(8), record]));
    assert.equal(read(Buffer.concat([head, oneRow])).events.length, 1);
  });

  const broken: [string, unknown, Buffer?][] = [
    ['JSON that is no object', 5],
    ['no number of rows', {}],
    ['a stream of no CPU', { ...empty, streams: [{ instance: 0, rows: 0 }] }],
    ['a negative number of rows', withRows(-1)],
    ['more rows than columns', withRows(1)],
    ['more rows than memory', withRows(2 ** 40)],
    ['half a row', withRows(0.5)],
    ['more streams than there can be', { ...empty, streams: new Array(70_000).fill(withRows(0).streams[0]) }],
    // sec, nsec, offset, size, stack, id and the order, 8 bytes each.
    ['a row whose record is not there', withRows(1), Buffer.alloc(56, 1)],
    ['an event of a stream that is not there', withRows(1), Buffer.concat([row, Buffer.alloc(8, 7), record])],
    ['a call trace that is none', { ...empty, stacks: [5] }],
    ['a call trace of numbers', { ...empty, stacks: [[5]] }],
    ['names that are no pairs', { ...empty, names: [null] }],
    ['a thread group without a number', { ...empty, groups: [[1, 'x']] }],
    ['a loss without a CPU', { ...empty, lost: [{ ts: 1, count: 1 }] }],
    ['damage without a code', { ...empty, damage: [{ atByte: 1 }] }],
    ['notes that are no list', { ...empty, notes: {} }],
  ];
  for (const [what, meta, columns] of broken) {
    it(`says where it has ${what}, and stops there`, () => {
      const capture = Buffer.concat([head, chunkOf(2, meta, columns), chunkOf(2, empty)]);
      assert.deepEqual(read(capture), {
        ...told([]),
        damage: [{ code: 'CAPTURE_CHUNK', atByte: head.length }],
      });
    });
  }

  const brokenHeads: [string, Buffer][] = [
    ['a batch before the tables', chunkOf(2, empty)],
    ['tables without a layout', chunkOf(1, { flagStyle: { columns: 5, lazyReschedule: true }, formats: [] })],
    [
      'tables with a commit of 3 bytes',
      chunkOf(1, { layout: { commitBytes: 3, littleEndian: true }, formats: [] }),
    ],
    [
      'formats that are no text',
      chunkOf(1, { layout: { commitBytes: 8, littleEndian: true }, formats: [1] }),
    ],
    ['a chunk of unknown kind', chunkOf(9, {})],
    [
      'a chunk larger than any',
      Buffer.from('02000000 00000080 00000000 00000000'.replaceAll(' ', ''), 'hex'),
    ],
  ];
  for (const [what, chunk] of brokenHeads) {
    it(`says that it begins with ${what}`, () => {
      const capture = Buffer.concat([Buffer.from(CAPTURE_MAGIC, 'latin1'), chunk, tables]);
      assert.deepEqual(read(capture).damage, [{ code: 'CAPTURE_CHUNK', atByte: CAPTURE_MAGIC.length }]);
    });
  }

  it('says that a second kernel begins in it', () => {
    assert.deepEqual(read(Buffer.concat([head, tables])).damage, [
      { code: 'CAPTURE_CHUNK', atByte: head.length },
    ]);
  });

  it('says once that it is no capture at all', () => {
    assert.deepEqual(read(Buffer.alloc(1000, 'x'), 100).damage, [{ code: 'CAPTURE_MAGIC', atByte: 0 }]);
  });

  it('leaves out a note of a shape that we do not know', () => {
    const notes = [{ kind: 'weather' }, { kind: 'end', ts: 1, overrun: 2, dropped: 3 }];
    assert.deepEqual(read(Buffer.concat([head, chunkOf(2, { ...empty, notes })])).notes, [notes[1]]);
  });
});
