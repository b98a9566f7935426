import assert from 'node:assert/strict';
import { util as RED } from '@node-red/util';
import type { EventList } from '../../src/event-list';
import { TextReader } from '../../src/readers/text/text-reader';
import { fixture, kernelTraces, readText } from './read-text';

/** Numbers from a seed: the same ones in each run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The text in two pieces. */
function readInTwo(text: Buffer, at: number): EventList {
  return readText(text, Math.max(1, at));
}

const EVENT = '            bash-161     [001] ...1.     3.241158: ';

/** Lines that need what came before them, or are not what they seem. */
const ODD_FORMS = Buffer.from(
  [
    '\ufeff# tracer: nop',
    '# entries-in-buffer/entries-written: 3/9   #P:2',
    `${EVENT}sys_openat(dfd: ffffff9c, filename: 7f, flags: 80000, mode: 0)`,
    `${EVENT}<stack trace>`,
    ' => __send_signal',
    ' => a-b <ffffffff8136b1c0>',
    '\t=> c',
    `${EVENT}<user stack trace>`,
    ' =>  <00007f3200000000>',
    'CPU:1 [LOST 4 EVENTS]',
    `${EVENT}p: (do_sys_open+0x0/0x10) a="x\ny" b="z" n=1`,
    `${EVENT}p: (do_sys_open+0x0/0x10) a="x`,
    'y',
    `${EVENT}tracing_mark_write: one`,
    '# two',
    'CPU:0 [EVENTS DROPPED]',
    'three é',
    '             a',
    'b-42      [000] .....     3.000001: sys_getpid()',
    `${EVENT}sys_write(fd: 1, buf: 0x10 (68:69:0a, ...) "hi."..., count: 0x3)`,
    `${EVENT}sys_write -> 0x3\r`,
    `${EVENT}# 4 buf: 01 ff`,
    ' web:            bash-161     [001] ...1.     3.241158: sys_getpid()',
    '                 bash-161     [001] ...1.     3.241158: sys_getpid()',
    '[LINE TOO BIG]',
    '# ftrace-life: {"kind":"end","ts":3,"overrun":0,"dropped":0}',
    '',
    'no trace at all',
    `${EVENT}sched_process_exec: filename=/tmp/"a pid=1 old_pid=1`,
    `${EVENT}sys_getpid()`,
  ].join('\n'),
);

describe('text in any pieces', () => {
  it('gives the same with odd forms split at every byte, and in pieces of every small size', () => {
    const whole = readText(ODD_FORMS);
    assert.ok(whole.length > 12 && whole.damage.length > 3);
    for (let at = 1; at < ODD_FORMS.length; at++)
      assert.deepEqual(readInTwo(ODD_FORMS, at), whole, `at ${at}`);
    for (let bytes = 1; bytes < 200; bytes++)
      assert.deepEqual(readText(ODD_FORMS, bytes), whole, `${bytes} bytes`);
  });

  it('gives the same with HTML around it split at every byte', () => {
    const html = Buffer.from(
      `<html>\n<script>x</script>\n<script class="trace-data">\n${EVENT}sys_getpid()\nwhat\n</script>\n` +
        `<script>\n  var linuxPerfData = "\\\n${EVENT}sys_getpid()\\n\\\n${EVENT}sys_getppid()\\n";\n</script>\n`,
    );
    const whole = readText(html);
    assert.deepEqual([whole.length, whole.damage.length], [3, 1]);
    for (let at = 1; at < html.length; at++) assert.deepEqual(readInTwo(html, at), whole, `at ${at}`);
  });

  for (const name of kernelTraces()) {
    it(`gives the same of ${name} at random places`, () => {
      const text = fixture(name);
      const whole = readText(text);
      const random = randomFrom(text.length);
      for (let round = 0; round < 6; round++) {
        const at = 1 + random(text.length - 1);
        assert.deepEqual(readInTwo(text, at), whole, `at ${at}`);
      }
      const bytes = 1 + random(500);
      assert.deepEqual(readText(text, bytes), whole, `pieces of ${bytes}`);
    });
  }

  it('gives the same of a line that is too long, wherever it is cut', () => {
    const text = Buffer.concat([
      Buffer.from(`${EVENT}sys_getpid()\n`),
      Buffer.from(`${EVENT}p: (f+0x0/0x10) s="`),
      Buffer.alloc(70_000, 0x41),
      Buffer.from(`"\n${EVENT}sys_getppid()\n`),
    ]);
    const whole = readText(text);
    assert.deepEqual([whole.length, whole.damage.map(({ line }) => line)], [2, [2]]);
    for (const bytes of [1000, 60_000, 65_536, 65_600, 70_100])
      assert.deepEqual(readText(text, bytes), whole);
  });
});

describe('the name of a task', () => {
  it('is exact by byte 16, whatever bytes but NUL and newline it has', () => {
    const random = randomFrom(16);
    const names: Buffer[] = [];
    for (let round = 0; round < 20_000; round++) {
      // Every second one of what a prefix consists of.
      const byte = (): number => (round % 2 === 0 ? 1 + random(255) : '-0123[] .:()'.charCodeAt(random(12)));
      const name = Buffer.from(Array.from({ length: 1 + random(15) }, byte));
      names.push(Buffer.from(name.map((each) => (each === 0x0a ? 0x0b : each))));
    }
    const lines = names.flatMap((name) => [
      Buffer.alloc(16 - name.length, 0x20),
      name,
      Buffer.from('-42      [001] .....     3.000001: sys_getpid()\n'),
    ]);
    const { events, damage } = readText(Buffer.concat(lines));
    assert.deepEqual(damage, []);
    assert.deepEqual(
      events.map(({ comm, pid }) => [comm ?? '', pid]),
      names.map((name) => [name.toString('utf8').replace(/^ +/, ''), 42]),
    );
  });

  it('is exact for each byte alone', () => {
    for (let byte = 1; byte < 256; byte++) {
      if (byte === 0x0a || byte === 0x20) continue;
      const line = Buffer.from('               x-42      [001] .....     3.000001: sys_getpid()\n');
      line[15] = byte;
      assert.equal(readText(line).at(0).comm, Buffer.of(byte).toString('utf8'));
    }
  });
});

describe('text without end', () => {
  /** How many events, pieces of damage and losses a reader gives, and how many bytes one batch leaves waiting. */
  function feed(pieces: Iterable<string>): { events: number; damage: number; lost: number; most: number } {
    const reader = new TextReader();
    const counted = { events: 0, damage: 0, lost: 0, most: 0 };
    for (const piece of pieces) {
      const batch = reader.push(Buffer.from(piece));
      counted.events += batch.length;
      counted.damage += batch.damage.length;
      counted.lost += batch.lost.length;
      const { pages } = batch.backing().rows;
      counted.most = Math.max(
        counted.most,
        pages.reduce((sum, page) => sum + page.length, 0),
      );
    }
    const rest = reader.end();
    counted.events += rest.length;
    counted.damage += rest.damage.length;
    counted.lost += rest.lost.length;
    return counted;
  }

  function* times(count: number, piece: (index: number) => string): Iterable<string> {
    for (let index = 0; index < count; index++) yield piece(index);
  }

  it('is one piece of damage as a single line of 20 MB', () => {
    const { events, damage, most } = feed(times(2000, () => 'x'.repeat(10_000)));
    assert.deepEqual([events, damage], [0, 1]);
    assert.ok(most < 100_000, `${most} bytes`);
  });

  it('ends an event whose string, text or call trace never ends', () => {
    for (const [body, next, longest] of [
      ['p: (f+0x0/0x10) s="a', 'x', 1 << 13],
      ['tracing_mark_write: a', 'x', 1 << 13],
      ['<stack trace>', ' => x', 1 << 17],
    ] as const) {
      const lines = next.repeat(1) + '\n';
      const { events, damage } = feed([`${EVENT}${body}\n`, ...times(300, () => lines.repeat(1000))]);
      assert.equal(events, 1);
      assert.ok(damage > 300_000 - longest / next.length - 10, `${damage} lines beyond`);
    }
  });

  it('keeps no line that has been given away, with millions of names, CPUs and gaps', () => {
    const names = feed(
      times(200, (chunk) =>
        [...times(1000, (index) => `${EVENT}e${chunk}_${index}: a=1\n`)].join('').replaceAll('bash', 'b'),
      ),
    );
    assert.equal(names.events, 200_000);
    assert.ok(names.most < 400_000, `${names.most} bytes in one batch`);
    const cpus = feed(
      times(100, (chunk) =>
        [
          ...times(
            1000,
            (index) => `             a-1       [${chunk * 1000 + index}] .....     3.000001: e: a=1\n`,
          ),
        ].join(''),
      ),
    );
    assert.equal(cpus.events, 100_000);
    const gaps = feed(
      times(100, (chunk) =>
        [...times(1000, (index) => `CPU:${chunk * 1000 + index} [LOST 1 EVENTS]\n`)].join(''),
      ),
    );
    assert.ok(gaps.lost <= 4096 + 16, `${gaps.lost} gaps`);
  });

  it('adds up the gaps that it cannot keep apart', () => {
    const lines = 'CPU:3 [LOST 2 EVENTS]\n'.repeat(1000);
    const { lost } = readText(lines);
    assert.equal(lost.length, 16);
    assert.equal(
      lost.reduce((sum, { count }) => sum + (count ?? 0), 0),
      2000,
    );
  });
});

describe('a batch of text', () => {
  const text = Buffer.from(
    `${EVENT}sys_openat(dfd: ffffff9c, filename: 7ffe, flags: 80000, mode: 0)\n${EVENT}sys_openat -> 0xfffffffffffffffe\n` +
      `${EVENT}<stack trace>\n => a\n${EVENT}sched_process_exit: comm=a.out pid=7 prio=120\n`,
  );

  it('gives one field as it gives all of them, and nothing for a field that is not there', () => {
    const traces = kernelTraces().map((name) => fixture(name));
    let compared = 0;
    for (const bytes of [text, ODD_FORMS, ...traces]) {
      const reader = new TextReader();
      for (const batch of [reader.push(bytes), reader.end()]) {
        for (const event of batch) {
          assert.equal(event.field('no_such_field'), undefined);
          const alone = Object.keys(event.fields).map((name) => batch.at(event.row).field(name));
          assert.deepEqual(alone, Object.values(event.fields));
          compared += alone.length;
        }
      }
    }
    assert.ok(compared > 10_000, `${compared} fields`);
  });

  it('says of an event of no row that it is not there', () => {
    const batch = new TextReader().push(text);
    assert.throws(() => batch.at(-1), RangeError);
    assert.throws(() => batch.at(batch.length), RangeError);
  });

  it('and its events cost little to clone, and the clones are events', () => {
    const reader = new TextReader();
    const batches = [reader.push(text), reader.end()];
    for (const batch of batches) {
      const copy = RED.cloneMessage({ _msgid: '', payload: batch });
      assert.equal(copy.payload.backing, batch.backing);
      for (const event of batch) {
        const alone = RED.cloneMessage({ _msgid: '', payload: event }).payload;
        assert.deepEqual(alone.toJSON(), event.toJSON());
        assert.ok(!Object.values(alone).some((value) => ArrayBuffer.isView(value)));
      }
    }
  });

  it('becomes plain data where it is asked for', () => {
    const reader = new TextReader();
    const batches = [reader.push(text), reader.end()];
    const events = batches.flatMap((batch) => batch.toArray());
    assert.deepEqual(
      batches.flatMap((batch) => (JSON.parse(JSON.stringify(batch)) as { events: unknown[] }).events),
      JSON.parse(JSON.stringify(events)),
    );
    assert.deepEqual(events[1], {
      ts: 3.241158,
      cpu: 1,
      pid: 161,
      tgid: null,
      comm: 'bash',
      name: 'sys_exit_openat',
      fields: { ret: -2 },
      stack: ['a'],
      flags: '...1.',
    });
  });
});
