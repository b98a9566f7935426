import assert from 'node:assert/strict';
import { rounds } from '../../harness/rounds';
import { fixture, kernelTraces, readText } from '../read-text';
import { formatNote } from '../../../src/export/ftrace-text';
import { TextReader } from '../../../src/readers/text/text-reader';
import type { TraceNote } from '../../../src/trace-event';

const line = (body: string, comm = 'bash', pid = 42, cpu = 0, time = '1.000000'): string =>
  `${comm.padStart(16)}-${String(pid).padEnd(7)} [${String(cpu).padStart(3, '0')}] ..... ${time.padStart(12)}: ${body}\n`;

const one = (text: string): ReturnType<typeof readText>['events'][number] => {
  const trace = readText(text);
  assert.deepEqual(trace.damage, []);
  assert.equal(trace.length, 1);
  return trace.at(0);
};

describe('ftrace text in pieces', () => {
  const text = fixture('walkthrough.txt');
  const whole = readText(text);

  it('gives the same events split at every byte', () => {
    for (let at = 0; at <= text.length; at++) {
      const halves = readText(text, Math.max(1, at));
      assert.deepEqual(halves, whole, `first piece of ${at} bytes`);
    }
  });

  it('gives the same byte by byte, also with losses, call traces between other lines, and damage', () => {
    const torn = Buffer.from(
      line('signal_generate: sig=9 errno=0 code=0 comm=a pid=7 grp=1 res=0') +
        'CPU:1 [LOST 12 EVENTS]\n' +
        line('sys_getpid()', 'a', 7, 1) +
        line('<stack trace>') +
        ' => __send_signal\n => do_exit\n' +
        'no trace at all\n' +
        line('open: (do_sys_open+0x0/0x10) name="a\nb" n=1') +
        '[LINE TOO BIG]\n' +
        'CPU:3 [LOST EVENTS]\n',
    );
    const expected = readText(torn);
    for (const pieceBytes of [1, 2, 3, 7, 64]) assert.deepEqual(readText(torn, pieceBytes), expected);
    assert.deepEqual(expected.at(0).stack, ['__send_signal', 'do_exit']);
    assert.deepEqual(expected.at(2).fields, {
      __probe_ip: 'do_sys_open+0x0/0x10',
      name: 'a\nb',
      n: 1,
    });
    assert.deepEqual(expected.lost, [
      { cpu: 1, ts: 1, count: 12 },
      { cpu: 3, ts: null, count: null },
    ]);
    assert.deepEqual(
      expected.damage.map((damage) => [damage.code, damage.line]),
      [
        ['LINE_UNEXPLAINED', 7],
        ['LINE_TOO_BIG', 10],
      ],
    );
  });

  it('gives the same with CRLF, and without the last newline', () => {
    const crlf = readText(text.toString('latin1').replaceAll('\n', '\r\n'));
    assert.deepEqual(crlf.events, whole.events);
    assert.deepEqual(crlf.damage, []);
    assert.deepEqual(readText(text.subarray(0, text.length - 1)), whole);
  });

  it('does not keep the caller’s buffer', () => {
    const bytes = Buffer.from(line('sys_getpid()'));
    const reader = new TextReader();
    const piece = Buffer.from(bytes.subarray(0, 40));
    reader.push(piece);
    piece.fill(0);
    reader.push(bytes.subarray(40));
    assert.equal(reader.end().at(0).name, 'sys_enter_getpid');
  });
});

describe('the start of a line', () => {
  it('gives names with blanks, dashes and brackets exactly, by byte 16', () => {
    for (const comm of [
      'Web Content',
      'a-1 [000] .... ',
      ' => do_exit',
      '(x) [001] d-9',
      'kworker/0:1-e',
      'é-ü',
    ]) {
      const padded = ' '.repeat(16 - Buffer.byteLength(comm)) + comm;
      const event = one(`${padded}-42      [001] d.h2.     3.000001: sys_getpid()\n`);
      assert.equal(event.comm, comm.trimStart());
      assert.deepEqual([event.pid, event.cpu, event.flags, event.ts], [42, 1, 'd.h2.', 3.000001]);
    }
  });

  it('tells an unknown name from the idle task', () => {
    assert.equal(one(line('sys_getpid()', '<...>')).comm, null);
    assert.equal(one(line('sys_getpid()', '<idle>', 0)).comm, '<idle>');
  });

  for (const [what, text, expected] of [
    [
      'four flags',
      '            bash-946   [003] ....   676.984916: sys_getpid()',
      [946, null, 3, '....', 676.984916],
    ],
    [
      'eight flags',
      '            bash-946   [003] d...1..2 676.984916: sys_getpid()',
      [946, null, 3, 'd...1..2', 676.984916],
    ],
    [
      'no flags',
      '             cat-7568    [000]  491748.118710: sys_getpid()',
      [7568, null, 0, '', 491748.11871],
    ],
    [
      'a tgid',
      '            bash-1136    (   1130) [000] .....    80.604295: sys_getpid()',
      [1136, 1130, 0, '.....', 80.604295],
    ],
    [
      'no tgid',
      '            bash-1136    (-------) [000] .....    80.604295: sys_getpid()',
      [1136, null, 0, '.....', 80.604295],
    ],
    [
      'stripped blanks',
      'ksoftirqd/1-12    (   12) [001] d..3 214168.479967: sys_getpid()',
      [12, 12, 1, 'd..3', 214168.479967],
    ],
    [
      'a long name',
      'com.google.android.youtube-23071 (23071) [002] d..5 214168.479892: sys_getpid()',
      [23071, 23071, 2, 'd..5', 214168.479892],
    ],
    [
      'nanoseconds',
      '            bash-946   [003] ....   676.984916123: sys_getpid()',
      [946, null, 3, '....', 676.984916123],
    ],
    [
      'a counter',
      '            bash-358     [000] .....            3: sys_getpid()',
      [358, null, 0, '.....', 3],
    ],
    [
      'latency format',
      '    bash-663       0d..1. 276595us+: sys_getpid()',
      [663, null, 0, 'd..1.', 0.276595],
    ],
  ] as const) {
    it(`is read with ${what}`, () => {
      const { pid, tgid, cpu, flags, ts } = one(text);
      assert.deepEqual([pid, tgid, cpu, flags, ts], expected);
    });
  }

  it('gives times as the nearest double, also beyond 104 days in nanoseconds', () => {
    for (const time of [
      '0.000001',
      '9978.188347',
      '123456789.123456789',
      '18014398509.481984123',
      '4294967295.999999',
    ]) {
      assert.equal(one(line('sys_getpid()', 'bash', 1, 0, time)).ts, Number(time));
    }
  });
});

describe('what a line says', () => {
  for (const [text, name, fields] of [
    ['sys_getpid()', 'sys_enter_getpid', {}],
    ['sys_recvmsg -> 0xfffffffffffffff5', 'sys_exit_recvmsg', { ret: -11 }],
    ['sys_mmap -> 0x7fef041e8000', 'sys_exit_mmap', { ret: 0x7fef041e8000 }],
    [
      'sys_lseek(fd: ff, offset: fffffffffffffdb8, whence: 1)',
      'sys_enter_lseek',
      { fd: 255, offset: '0xfffffffffffffdb8', whence: 1 },
    ],
    [
      'sys_lseek(fd: 0xff, offset: 0xfffffffffffffdb8, whence: 1)',
      'sys_enter_lseek',
      { fd: 255, offset: '0xfffffffffffffdb8', whence: 1 },
    ],
    [
      'sys_openat(dfd: 18446744073709551516, filename: 94114707876312 "/a, b: 1", flags: O_WRONLY|O_CREAT|O_TRUNC, mode: 0666)',
      'sys_enter_openat',
      {
        dfd: '0xffffffffffffff9c',
        filename: 94114707876312,
        flags: 0o1101,
        mode: 0o666,
        __filename_val: '/a, b: 1',
      },
    ],
    [
      'sys_execve(filename: 0x5599087a6c60 "say "hi"", argv: 0x10, envp: 0)',
      'sys_enter_execve',
      { filename: 0x5599087a6c60, argv: 16, envp: 0, __filename_val: 'say "hi"' },
    ],
    [
      'sys_write(fd: 1, buf: 0x10 (68:69:0a, ...) "hi."..., count: 0x3)',
      'sys_enter_write',
      { fd: 1, buf: 16, count: 3, __buf_val: 'hi\n' },
    ],
    [
      'sys_rt_sigprocmask(int how: 2, sigset_t * nset: 0x10, size_t sigsetsize: 8)',
      'sys_enter_rt_sigprocmask',
      { how: 2, nset: 16, sigsetsize: 8 },
    ],
    [
      'sys_enter: NR 37 (4d8, 9, 0, 5a7cf300, 4d8, f9ef8)',
      'sys_enter',
      { id: 37, args: [0x4d8, 9, 0, 0x5a7cf300, 0x4d8, 0xf9ef8] },
    ],
    ['sys_exit: NR 37 = -4', 'sys_exit', { id: 37, ret: -4 }],
    [
      'sys_enter_openat:    dfd: 0xffffff9c, filename: 0x7ff0, flags: 0x00080000, mode: 0x00000000',
      'sys_enter_openat',
      { dfd: 0xffffff9c, filename: 0x7ff0, flags: 0x80000, mode: 0 },
    ],
    ['sys_exit_openat:     0x3', 'sys_exit_openat', { ret: 3 }],
    [
      'sched_switch:         trace-cmd:17890 [120] S ==> swapper/15:0 [120]',
      'sched_switch',
      {
        prev_comm: 'trace-cmd',
        prev_pid: 17890,
        prev_prio: 120,
        prev_state: 1,
        next_comm: 'swapper/15',
        next_pid: 0,
        next_prio: 120,
      },
    ],
    [
      'sched_switch: prev_comm=a b prev_pid=1 prev_prio=120 prev_state=R+ ==> next_comm=c=d next_pid=2 next_prio=0',
      'sched_switch',
      {
        prev_comm: 'a b',
        prev_pid: 1,
        prev_prio: 120,
        prev_state: 0x100,
        next_comm: 'c=d',
        next_pid: 2,
        next_prio: 0,
      },
    ],
    [
      'sched_process_exec: filename=/tmp/a pid=1 b pid=5441 old_pid=5441',
      'sched_process_exec',
      { filename: '/tmp/a pid=1 b', pid: 5441, old_pid: 5441 },
    ],
    [
      'sched_process_exit: comm=a.out pid=7 prio=120 group_dead=false',
      'sched_process_exit',
      { comm: 'a.out', pid: 7, prio: 120, group_dead: false },
    ],
    [
      'sched_process_exit: comm=a.out pid=7 prio=120',
      'sched_process_exit',
      { comm: 'a.out', pid: 7, prio: 120 },
    ],
    [
      'task_rename: oldcomm=bash newcomm=a.out oom_score_adj=-17',
      'task_rename',
      { oldcomm: 'bash', newcomm: 'a.out', oom_score_adj: -17 },
    ],
    ['mark_victim: pid=781', 'mark_victim', { pid: 781 }],
    [
      'mm_filemap_get_pages: dev=254:0 ino=3f832 ofs=4096-12287',
      'mm_filemap_get_pages',
      { s_dev: 254 * 2 ** 20, i_ino: 0x3f832, index: 1, last_index: 2 },
    ],
    [
      'ret_open: (do_sys_openat2+0x7a/0xe0 <- getname_flags) arg1="/a" n=-1 x=0x10',
      'ret_open',
      { __probe_func: 'getname_flags', __probe_ret_ip: 'do_sys_openat2+0x7a/0xe0', arg1: '/a', n: -1, x: 16 },
    ],
    ['up: (0x46b0a4)', 'up', { __probe_ip: 0x46b0a4 }],
    ['up: (0x46b0a4 <- 0x46b000) r=1', 'up', { __probe_func: 0x46b000, __probe_ret_ip: 0x46b0a4, r: 1 }],
    [
      'eopen: (syscalls.sys_enter_openat) file="/dev/null"',
      'eopen',
      { __probe_event: 'syscalls.sys_enter_openat', file: '/dev/null' },
    ],
    [
      'p: (f+0x0/0x10) path=(fault) list={1,0x2,3} word="a "b" c" c=\'x\'',
      'p',
      { __probe_ip: 'f+0x0/0x10', path: '(fault)', list: [1, 2, 3], word: 'a "b" c', c: 120 },
    ],
    [
      'own: dev=8,1 big=18446744073709551615 ok=true comm=true',
      'own',
      { dev: '8,1', big: '0xffffffffffffffff', ok: true, comm: 'true' },
    ],
    ['tracing_mark_write: hello a=1', 'print', { ip: 'tracing_mark_write', buf: 'hello a=1' }],
    ['bprint:               do_idle: cpu: 3', 'bprint', { ip: 'do_idle', buf: 'cpu: 3' }],
    [
      'do_idle+0x10/0x20 <-cpu_startup_entry+0x1/0x2',
      'function',
      { ip: 'do_idle+0x10/0x20', parent_ip: 'cpu_startup_entry+0x1/0x2' },
    ],
    ['# 4 buf: 01 ff', 'raw_data', { id: 4, buf: [1, 255] }],
  ] as const) {
    it(`is understood: ${text}`, () => {
      const event = one(line(text));
      assert.deepEqual([event.name, event.fields], [name, fields]);
    });
  }

  it('may take several lines when a program wrote it', () => {
    const { events, damage } = readText(
      line('tracing_mark_write: one') + '# two\nthree\n' + line('sys_getpid()') + 'CPU 1 is empty\n',
    );
    assert.deepEqual(events[0]?.fields, { ip: 'tracing_mark_write', buf: 'one\n# two\nthree' });
    assert.deepEqual(damage, []);
  });

  it('does not grow without end when a string is not closed', () => {
    const { events, damage } = readText(
      line('p: (f+0x0/0x10) s="a') + 'x'.repeat(99).concat('\n').repeat(1000),
    );
    assert.ok(String(events[0]?.fields['s']).length < 10_000);
    assert.ok(damage.length > 900);
  });
});

describe('a call trace', () => {
  const generate = line('signal_generate: sig=9 errno=0 code=0 comm=a pid=7 grp=1 res=0');

  it('belongs to the last event of its CPU and pid, whatever other CPUs printed between', () => {
    const { events } = readText(
      generate +
        line('sys_getpid()', 'other', 7, 1) +
        line('<stack trace>') +
        ' => a\n => b+0x1/0x2\n' +
        line('<stack trace>', 'other', 7, 1) +
        ' => c <ffffffff8136b1c0>\n',
    );
    assert.deepEqual(
      events.map((event) => event.stack),
      [['a', 'b+0x1/0x2'], ['c <ffffffff8136b1c0>']],
    );
  });

  it('is an event of its own when its cause is not there', () => {
    const { events } = readText(line('<stack trace>', 'a', 9, 3) + ' => a\n' + generate);
    assert.equal(events[0]?.name, 'kernel_stack');
    assert.deepEqual(events[0].fields, { caller: ['a'] });
    assert.equal(events[1]?.stack, undefined);
  });

  it('does not join an event before a loss', () => {
    const { events } = readText(generate + 'CPU:0 [LOST 3 EVENTS]\n' + line('<stack trace>') + ' => a\n');
    assert.deepEqual(
      events.map((event) => [event.name, event.stack]),
      [
        ['signal_generate', undefined],
        ['kernel_stack', undefined],
      ],
    );
  });

  it('of the user is beside the kernel’s', () => {
    const { events, damage } = readText(
      generate +
        line('<user stack trace>') +
        ' =>  <00007f3200000000>\n => /lib/x.so[+0xb3c8c]\n' +
        line('<stack trace>') +
        ' => k\n',
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(events[0]?.stack, ['k']);
    assert.deepEqual(events[1]?.fields, { caller: ['<00007f3200000000>', '/lib/x.so[+0xb3c8c]'] });
  });
});

describe('what cannot be explained', () => {
  it('is damage with its place, and reading goes on', () => {
    const good = line('sys_getpid()');
    const { events, damage } = readText(`${good}what is this\n${good}`);
    assert.equal(events.length, 2);
    assert.deepEqual(damage, [
      { code: 'LINE_UNEXPLAINED', atByte: good.length, line: 2, excerpt: 'what is this' },
    ]);
  });

  it('includes the first half of a name with a newline, and what follows is marked as ambiguous', () => {
    const { events, damage } = readText(`             a\nb-42      [001] .....     3.000001: sys_getpid()\n`);
    assert.deepEqual(
      damage.map(({ code, line }) => [code, line]),
      [
        ['LINE_UNEXPLAINED', 1],
        ['LINE_AMBIGUOUS', 2],
      ],
    );
    assert.deepEqual([events[0]?.comm, events[0]?.pid], ['b', 42]);
  });

  it('is one piece of damage for a line without end, not memory', () => {
    const { events, damage } = readText(
      Buffer.concat([Buffer.alloc(300_000, 0x41), Buffer.from(`\n${line('sys_getpid()')}`)]),
      10_000,
    );
    assert.equal(damage.length, 1);
    assert.deepEqual([damage[0]?.atByte, damage[0]?.line, damage[0]?.excerpt?.length], [0, 1, 200]);
    assert.equal(events.length, 1);
  });

  it('includes the renderings raw and hex, which do not say what an event is', () => {
    const { events, damage } = readText(
      '550 0 20868710626 type: 820\n00000226 00000000 00000004dbf812fc type: 189\n',
    );
    assert.deepEqual([events.length, damage.length], [0, 2]);
  });
});

describe('notes', () => {
  const notes: TraceNote[] = [
    {
      kind: 'trace',
      kernel: '6.18.44',
      clock: 'mono',
      cpus: 2,
      wall: { ts: 1.5, unixSeconds: 1795404000.25 },
    },
    {
      kind: 'workload',
      parent: 4994,
      path: './a.out',
      argv: ['./a.out', 'a\nb'],
      control: { signal: 'SIGUSR1', sender: 12 },
    },
    { kind: 'workload', parent: 4994, path: './a.out', argv: [], control: null },
    {
      kind: 'maps',
      pid: 5441,
      ts: 2,
      maps: [
        {
          start: 4096,
          end: 8192,
          perms: 'r-xp',
          offset: 0,
          dev: '00:2f',
          inode: 8154,
          path: '/a b',
          deleted: true,
        },
      ],
    },
    { kind: 'inode', dev: 0xfe00000, ino: 8154, path: '/lib64/libc-2.26.so' },
    { kind: 'end', ts: 3, overrun: 0, dropped: 0 },
  ];

  it('come back as they were written', () => {
    const trace = readText(notes.map((note) => `${formatNote(note)}\n`).join(''));
    assert.deepEqual(trace.notes, notes);
    assert.deepEqual(trace.damage, []);
  });

  it('of another shape are damage', () => {
    for (const json of [
      '{',
      'null',
      '[]',
      '{"kind":"other"}',
      '{"kind":"end","ts":"1","overrun":0,"dropped":0}',
      '{"kind":"maps","pid":1,"ts":2,"maps":[{}]}',
    ]) {
      const trace = readText(`# ftrace-life: ${json}\n`);
      assert.deepEqual([trace.notes, trace.damage.map((damage) => damage.code)], [[], ['NOTE_INVALID']]);
    }
  });
});

describe('mutated traces', () => {
  it('never make the reader throw, and never make it depend on the pieces', () => {
    let seed = 20261123;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const sources = kernelTraces().map((name) => fixture(name));
    const bait = [
      '"',
      '\n',
      '[LINE TOO BIG]',
      'CPU:0 [LOST 1 EVENTS]\n',
      ' => ',
      '<stack trace>',
      '-1 [000]',
      '(',
      ', ',
      '0x',
      '# ftrace-life: {',
    ];
    for (let round = 0; round < rounds(750, 3000); round++) {
      const source = sources[random(sources.length)]!;
      const at = random(Math.max(1, source.length - 2000));
      let bytes = Buffer.from(source.subarray(at, at + 200 + random(1500)));
      for (let change = 0; change < 1 + random(6); change++) {
        const place = random(bytes.length);
        const cut = random(3) === 0 ? random(40) : 0;
        const put = random(2) === 0 ? Buffer.from(bait[random(bait.length)]!) : Buffer.from([random(256)]);
        bytes = Buffer.concat([
          bytes.subarray(0, place),
          put,
          bytes.subarray(Math.min(bytes.length, place + cut)),
        ]);
      }
      const whole = readText(bytes);
      assert.deepEqual(readText(bytes, 1 + random(90)), whole, `round ${round}`);
    }
  });
});
