import assert from 'node:assert/strict';
import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { peerFile } from './peers';
import { readText } from './read-text';

/** The parts of an event that its prefix gives. */
const PREFIX = ['comm', 'pid', 'tgid', 'cpu', 'flags', 'ts', 'name'] as const;

describe('real lines of every form', () => {
  for (const [what, text, expected] of [
    [
      'the function tracer of an old kernel',
      '            bash-946   [003] ....   676.984916: copy_process.part.5+0x14/0x1acc <-_do_fork+0xc0/0x41c',
      ['bash', 946, null, 3, '....', 676.984916, 'function'],
    ],
    [
      'the idle task with four flags set',
      '          <idle>-0       [001] dNh2.  3712.515317: sched_wakeup: comm=kworker/u16:2 pid=43 prio=120 target_cpu=001',
      ['<idle>', 0, null, 1, 'dNh2.', 3712.515317, 'sched_wakeup'],
    ],
    [
      'a narrow pid',
      '           xfwm4-3252  [005] ....   395.705681: sys_recvmsg -> 0xfffffffffffffff5',
      ['xfwm4', 3252, null, 5, '....', 395.705681, 'sys_exit_recvmsg'],
    ],
    [
      'a release candidate that prints what it should not in the columns of flags',
      '            bash-1212    [005] DBZ.f    72.179884: sys_wait4(upid: 0xffffffffffffffff, stat_addr: 0x7ffcaef0db50, options: 0xb, ru: 0)',
      ['bash', 1212, null, 5, 'DBZ.f', 72.179884, 'sys_enter_wait4'],
    ],
    [
      'raw_syscalls',
      '            bash-833   [003] ....  3742.555094: sys_enter: NR 37 (4d8, 9, 0, 5a7cf300, 4d8, f9ef8)',
      ['bash', 833, null, 3, '....', 3742.555094, 'sys_enter'],
    ],
    [
      'a name with a blank',
      '     Web Content-2711  [003] d... 26186.336632: sched_waking: comm=Timer pid=2745 prio=120 target_cpu=001',
      ['Web Content', 2711, null, 3, 'd...', 26186.336632, 'sched_waking'],
    ],
    [
      'a name that a tool made longer',
      'com.google.android.youtube-23071 (23071) [002] d..5 214168.479892: sched_wakeup: comm=a pid=1 prio=120 target_cpu=000',
      ['com.google.android.youtube', 23071, 23071, 2, 'd..5', 214168.479892, 'sched_wakeup'],
    ],
    [
      'irq-info off',
      '             cat-7568    [000]  491748.118710: signal_generate: sig=17 errno=0 code=1 comm=bash pid=6189 grp=1 res=0',
      ['cat', 7568, null, 0, '', 491748.11871, 'signal_generate'],
    ],
    [
      'latency format with seven flags of a realtime kernel',
      '  <idle>-0       0d...1..    1us : trace_hardirqs_off_thunk <-apic_timer_interrupt',
      ['<idle>', 0, null, 0, 'd...1..', 0.000001, 'function'],
    ],
    [
      'latency format of trace-cmd report -l, which has seconds',
      '    bash-946     3d..2.   676.984916: sys_enter_getpid:     ',
      ['bash', 946, null, 3, 'd..2.', 676.984916, 'sys_enter_getpid'],
    ],
    [
      'trace-cmd report',
      '       trace-cmd-17890 [015] d..2. 18481.505414: sched_switch:         trace-cmd:17890 [120] S ==> swapper/15:0 [120]',
      ['trace-cmd', 17890, null, 15, 'd..2.', 18481.505414, 'sched_switch'],
    ],
    [
      'trace-cmd report without flags',
      '           <...>-1701  [001]    76.211513: sched_switch:          prev_comm=trace-cmd prev_pid=1701 prev_prio=120 prev_state=64 next_comm=swapper next_pid=0 next_prio=120',
      [null, 1701, null, 1, '', 76.211513, 'sched_switch'],
    ],
  ] as const) {
    it(`are read: ${what}`, () => {
      const { events, damage } = readText(`${text}\n`);
      assert.deepEqual(damage, []);
      assert.deepEqual(
        PREFIX.map((part) => events[0]?.[part]),
        expected,
      );
    });
  }

  it('are read: print with a newline at its start, and what trace-cmd puts before the events', () => {
    const { events, damage } = readText(
      'version = 6\ncpus=4\nCPU 1 is empty\n' +
        '       automount-5999  [001] .......   170.320000: 0: \ncopy_mount_options: copy 0xd017d560b000\n',
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(events[0]?.fields, { ip: '0', buf: '\ncopy_mount_options: copy 0xd017d560b000' });
  });

  it('are read: what trace-cmd and the kernel say of dropped events', () => {
    const { lost, damage } = readText(
      'CPU:0 [LOST 7 EVENTS]\nCPU:1 [LOST EVENTS]\nCPU:2 [3 EVENTS DROPPED]\nCPU:3 [EVENTS DROPPED]\n' +
        '##### CPU 2 buffer started ####\n',
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(
      lost.map(({ cpu, count }) => [cpu, count]),
      [
        [0, 7],
        [1, null],
        [2, 3],
        [3, null],
      ],
    );
  });

  it('are read with the name of their instance, beside lines of the top one', () => {
    const { events, damage, lost } = readText(
      'cpus=2\n' +
        '  web:        a-1 [0] 9-163     [001] ...1.     3.241158: sys_dup2 -> 0x1\n' +
        '            a-2 [1] 8-161     [001] ...1.     3.241160: sys_dup2 -> 0x1\n' +
        '  web: CPU:1 [2 EVENTS DROPPED]\n' +
        '  web:           <idle>-0     [001] ...1.     3.241170: sys_dup2 -> 0x1\n',
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(
      events.map(({ instance, comm, pid }) => [instance, comm, pid]),
      [
        ['web', 'a-1 [0] 9', 163],
        [undefined, 'a-2 [1] 8', 161],
        ['web', '<idle>', 0],
      ],
    );
    assert.deepEqual(lost, [{ cpu: 1, ts: 3.24117, count: 2 }]);
  });

  it('are refused in the options hex and raw, and without context, where they do not say what happened when', () => {
    const { events, damage } = readText(
      '00000226 00000000 00000004dbdf40e2 type: 820\n550 0 20868710626 type: 820\nsys_write -> 0x2\n',
    );
    assert.deepEqual(
      [events.length, ...damage.map(({ code }) => code)],
      [0, 'LINE_UNEXPLAINED', 'LINE_UNEXPLAINED', 'LINE_UNEXPLAINED'],
    );
  });

  for (const name of ['lisa_sched_load', 'trappy_raw_trace', 'trappy_trace', 'trappy_trace_idle']) {
    it(`are all explained in what trace-cmd reports of ${name}`, function () {
      for (const kind of ['report', 'report-tR']) {
        const text = gunzipSync(fs.readFileSync(peerFile(this, `expected/${name}.${kind}.txt.gz`)));
        const { damage, events } = readText(text);
        assert.deepEqual(damage, []);
        const lines = text.toString('latin1').split('\n');
        assert.equal(events.length, lines.filter((line) => /\[\d+\] +\d+\.\d+:/.test(line)).length);
      }
    });
  }
});

describe('text in the HTML of systrace', () => {
  const LINE = '            bash-161     [001] ...1.     3.241158: sys_dup2 -> 0x1';
  const FRAMES = `            bash-161     [001] ...1.     3.241159: <stack trace>\n => a\n => b`;

  it('is read from the script of class trace-data, and nothing else of the page is damage', () => {
    const { events, damage } = readText(
      `<!DOCTYPE html>\n<html>\n<script>\nvar a = 1;\n${'x'.repeat(70_000)}\n</script>\n` +
        `  <script class="trace-data" type="application/text">\nPROCESS DUMP\nUSER PID\n</script>\n` +
        `  <script class="trace-data" type="application/text">\n# tracer: nop\n${LINE}\n${FRAMES}\n</script>\n</html>\n`,
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(
      events.map(({ name, stack }) => [name, stack]),
      [['sys_exit_dup2', ['a', 'b']]],
    );
  });

  it('is read from a string of JavaScript, whose lines end with an escaped newline', () => {
    const lines = `# tracer: nop\n${LINE}\n${FRAMES}`.replaceAll('\n', '\\n\\\n');
    const { events, damage } = readText(
      `<!DOCTYPE HTML>\n<html>\n  var linuxPerfData = "\\\n${lines}\\n";\n</html>\n`,
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(
      events.map(({ name, stack }) => [name, stack]),
      [['sys_exit_dup2', ['a', 'b']]],
    );
  });

  it('is still damage where a line of the trace is none', () => {
    const { damage } = readText(
      `<html>\n<script class="trace-data">\n# tracer: nop\n${LINE}\nwhat is this\n</script>\nand this\n`,
    );
    assert.deepEqual(
      damage.map(({ line, excerpt }) => [line, excerpt]),
      [[5, 'what is this']],
    );
  });
});

describe('what text may say in two ways', () => {
  const good = '            bash-161     [001] ...1.     3.241158: sys_getpid()\n';
  const codes = (text: string): string[][] =>
    readText(text).damage.map(({ code, line }) => [code, String(line)]);

  it('is delivered and marked: two dashes that may be before the pid', () => {
    for (const text of [
      'x-7 [000] 1.0: p: a-1 [000] 2.0: sys_getpid()\n',
      // The second dash is at byte 16, but no comm of the kernel fills all the bytes before.
      'a-1 [000] 2.0: b-42 [001] ..... 3.000001: sys_getpid()\n',
    ]) {
      assert.equal(readText(text).length, 1);
      assert.deepEqual(codes(text), [['LINE_AMBIGUOUS', '1']]);
    }
  });

  it('is delivered and marked: a name with newlines, whatever they make of it', () => {
    for (const [name, rest, unexplained] of [
      ['a\nb', 'b', 1],
      ['a\n\nb', 'b', 1],
      ['a\n#b', '#b', 1],
      ['\na-1 [0] 1: b', 'a-1 [0] 1: b', 0],
    ] as const) {
      const line = `${name.padStart(16)}-42      [001] .....     3.000001: sys_getpid()\n`;
      const { events, damage } = readText(good + line + good);
      assert.deepEqual(
        events.map(({ comm, pid }) => [comm, pid]),
        [
          ['bash', 161],
          [rest, 42],
          ['bash', 161],
        ],
      );
      assert.deepEqual(
        damage.map(({ code }) => code),
        [...new Array<string>(unexplained).fill('LINE_UNEXPLAINED'), 'LINE_AMBIGUOUS'],
      );
    }
  });

  it('is delivered and marked: an event in a string that was not closed before', () => {
    const text = good + good.replace('sys_getpid()', 'p: (f+0x0/0x10) s="a') + good + '"\n' + good;
    const { events } = readText(text);
    assert.equal(events.length, 4);
    assert.deepEqual(codes(text), [
      ['LINE_UNEXPLAINED', '2'],
      ['LINE_AMBIGUOUS', '3'],
      ['LINE_UNEXPLAINED', '4'],
    ]);
  });

  it('is delivered and marked: a string that imitates the assignment or the argument after it', () => {
    for (const body of [
      'p: (f+0x0/0x10) s="a" n=1"',
      'p: (f+0x0/0x10) s="a" s="b"',
      'p: (f+0x0/0x10) s="a\nb" n=1"',
      'sys_execve(filename: 0x10 "a", argv: 0x10 "", argv: 0x10, envp: 0)',
    ]) {
      const text = good + good.replace('sys_getpid()', body);
      assert.equal(readText(text).length, 2);
      assert.deepEqual(codes(text), [['LINE_AMBIGUOUS', '2']], body);
    }
  });

  it('is not marked where quotes are only unusual', () => {
    for (const body of [
      'p: (f+0x0/0x10) s="a "b" c" n=1',
      'p: (f+0x0/0x10) s="a" t="b"',
      'p: (f+0x0/0x10) s=""',
      'p: (f+0x0/0x10) s="a\nb"',
      'task_rename: oldcomm=a"b newcomm="c" oom_score_adj=0',
      'tracing_mark_write: say "hi"',
    ]) {
      assert.deepEqual(codes(good + good.replace('sys_getpid()', body) + good), [], body);
    }
  });
});
