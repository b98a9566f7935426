import assert from 'node:assert/strict';
import { formatEvent, formatHeader, formatLoss } from '../../src/export/ftrace-text';
import type { EventFields, TraceEvent } from '../../src/trace-event';
import { fixture, kernelTraces, readText } from '../readers/read-text';

function event(name: string, fields: EventFields, more: Partial<TraceEvent> = {}): TraceEvent {
  return {
    ts: 9978.187414,
    cpu: 3,
    pid: 4994,
    tgid: null,
    comm: 'bash',
    name,
    fields,
    flags: '.....',
    ...more,
  };
}

function body(name: string, fields: EventFields): string {
  return formatEvent(event(name, fields)).replace('            bash-4994    [003] .....  9978.187414: ', '');
}

describe('an event as ftrace text', () => {
  it('has the columns of the kernel', () => {
    assert.equal(
      formatEvent(event('sys_exit_clone', { ret: 5441 })),
      '            bash-4994    [003] .....  9978.187414: sys_clone -> 0x1541',
    );
    assert.equal(
      formatEvent(event('sys_enter_getpid', {}, { comm: null, tgid: 12, flags: '', ts: 1.5 }), {
        nanoseconds: true,
      }),
      '           <...>-4994    (     12) [003]     1.500000000: sys_getpid()',
    );
  });

  for (const [name, fields, expected] of [
    [
      'sys_enter_openat',
      { __syscall_nr: 257, dfd: 0xffffff9c, filename: 0x562a1c3089d8, flags: 9, mode: 10 },
      'sys_openat(dfd: 0xffffff9c, filename: 0x562a1c3089d8, flags: 9, mode: 0xa)',
    ],
    [
      'sys_enter_execve',
      { filename: 16, argv: '0xffffffffffffff9c', __filename_val: './a.out' },
      'sys_execve(filename: 0x10 "./a.out", argv: 0xffffffffffffff9c)',
    ],
    [
      'sys_enter_write',
      { fd: 1, buf: 16, count: 3, __buf_val: 'hi\n' },
      'sys_write(fd: 1, buf: 0x10 (68:69:0a) "hi.", count: 3)',
    ],
    ['sys_exit_openat', { __syscall_nr: 257, ret: -2 }, 'sys_openat -> 0xfffffffffffffffe'],
    [
      'signal_generate',
      { common_type: 1, sig: 9, errno: 0, code: 0, comm: 'a.out', pid: 5441, group: 1, result: 0 },
      'signal_generate: sig=9 errno=0 code=0 comm=a.out pid=5441 grp=1 res=0',
    ],
    [
      'signal_deliver',
      { sig: 17, errno: 0, code: 2, sa_handler: 0x55f324e07ad0, sa_flags: 0x14000000 },
      'signal_deliver: sig=17 errno=0 code=2 sa_handler=55f324e07ad0 sa_flags=14000000',
    ],
    [
      'sched_process_fork',
      { parent_comm: 'bash', parent_pid: 1, child_comm: 'bash', child_pid: 2 },
      'sched_process_fork: comm=bash pid=1 child_comm=bash child_pid=2',
    ],
    [
      'sched_switch',
      {
        prev_comm: 'a',
        prev_pid: 1,
        prev_prio: 120,
        prev_state: 0x101,
        next_comm: 'b',
        next_pid: 2,
        next_prio: 120,
      },
      'sched_switch: prev_comm=a prev_pid=1 prev_prio=120 prev_state=S+ ==> next_comm=b next_pid=2 next_prio=120',
    ],
    [
      'mm_filemap_get_pages',
      { i_ino: 0x3f832, s_dev: 254 * 2 ** 20, index: 1, last_index: 2 },
      'mm_filemap_get_pages: dev=254:0 ino=3f832 ofs=4096-12287',
    ],
    [
      'do_sy_open',
      { __probe_ip: 'do_sys_open+0x0/0x260', arg1: '/lib64/libc.so.6' },
      'do_sy_open: (do_sys_open+0x0/0x260) arg1="/lib64/libc.so.6"',
    ],
    [
      'do_sy_open',
      { __probe_ip: '0xffffffff81442060', arg1: '/etc/a' },
      'do_sy_open: (0xffffffff81442060) arg1="/etc/a"',
    ],
    [
      'own',
      { a: 1, b: 'two words', c: '3', d: 'plain', e: false, f: [1, 2] },
      'own: a=1 b="two words" c="3" d=plain e=false f={1,2}',
    ],
  ] as const) {
    it(`is printed as ${expected}`, () => {
      assert.equal(body(name, fields), expected);
    });
  }

  it('reads back to itself where it has no layout of its own', () => {
    const payloads: EventFields[] = [
      {
        a: 1,
        b: 'two words',
        c: '3',
        d: 'plain',
        e: false,
        f: [1, 2],
        g: '0xffffffffffffff9c',
        h: '',
        i: 'true',
        j: -1,
      },
      { __text: 'not made of assignments', n: 1 },
      { __probe_func: 'f', __probe_ret_ip: 'g+0x1/0x2', s: '12', list: ['a', 'b'] },
      { comm: 'a b', pid: 1 },
    ];
    for (const fields of payloads) {
      const written = event('own', fields);
      assert.deepEqual(readText(formatEvent(written)).events, [written]);
    }
  });

  it('keeps the lines that a program wrote', () => {
    for (const name of ['print', 'bprint']) {
      const written = event(name, { ip: 'tracing_mark_write', buf: 'one\n# two' });
      assert.deepEqual(readText(formatEvent(written)).events, [written]);
    }
  });

  it('stays one line whatever names contain', () => {
    const forged = event(
      'sched_process_exec',
      { filename: '/a\n bash-1 [000]', pid: 1, old_pid: 1 },
      { comm: 'x\ny' },
    );
    assert.equal(formatEvent(forged).split('\n').length, 1);
  });

  it('is followed by its call trace', () => {
    const text = formatEvent(event('signal_deliver', {}, { stack: ['get_signal', 'do_signal'] }));
    assert.deepEqual(text.split('\n').slice(1), [
      '            bash-4994    [003] .....  9978.187414: <stack trace>',
      ' => get_signal',
      ' => do_signal',
    ]);
  });
});

describe('a whole trace, written and read again', () => {
  for (const name of ['walkthrough.txt', ...kernelTraces()]) {
    it(`${name} gives equal events`, () => {
      const { events } = readText(fixture(name));
      // The number of the system call is in the name already; the kernel prints it only with the option `fields`.
      const expected = events.map((read) => ({
        ...read,
        fields: Object.fromEntries(Object.entries(read.fields).filter(([field]) => field !== '__syscall_nr')),
      }));
      for (const nanoseconds of [false, true]) {
        const again = readText(events.map((read) => `${formatEvent(read, { nanoseconds })}\n`).join(''));
        assert.deepEqual(again.damage, []);
        assert.deepEqual(again.events, expected);
      }
    });
  }

  it('keeps the losses at their places', () => {
    const losses = [
      { cpu: 1, ts: 2, count: 12 },
      { cpu: 0, ts: null, count: null },
    ];
    const written = event('sys_enter_getpid', {}, { cpu: 1, ts: 2 });
    const text = [formatLoss(losses[0]!), formatEvent(written), formatLoss(losses[1]!)].join('\n');
    assert.deepEqual(readText(text).lost, losses);
  });

  it('says in its header what was overwritten', () => {
    const header = formatHeader({ entries: { inBuffer: 248, written: 40147, cpus: 2 } });
    assert.deepEqual(readText(header).lost, [{ cpu: -1, ts: null, count: 39899 }]);
    assert.deepEqual(readText(formatHeader()).damage, []);
  });
});
