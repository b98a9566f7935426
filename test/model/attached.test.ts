import assert from 'node:assert/strict';
import type { MapsEntry, TraceNote } from '../../src/trace-event';
import { call, deliver, enter, event, exit, fork, free, generate, lifeOf, schedExit } from './life-of';

type AttachedNote = Extract<TraceNote, { kind: 'attached' }>;

const AT_FDCWD = 4294967196;

const library: MapsEntry = {
  start: 0x7f0000,
  end: 0x7f4000,
  perms: 'r-xp',
  offset: 0,
  dev: 'fe:00',
  inode: 7,
  path: '/lib/libz.so.1',
  deleted: false,
};

function attached(more: Partial<AttachedNote> = {}): AttachedNote {
  return {
    kind: 'attached',
    pid: 10,
    ts: 5,
    comm: 'server',
    parent: 1,
    started: 3.2,
    threads: [10, 11],
    argv: ['server', '-v'],
    exe: '/usr/bin/server',
    cwd: '/srv',
    files: [{ fd: 3, path: '/var/log/x', closeOnExec: true }],
    maps: [library],
    caught: [15],
    ignored: [],
    ...more,
  };
}

const mapped = (ts: number, pid: number, fd: number) =>
  call(ts, pid, 'mmap', { addr: 0, len: 4096, prot: 5, flags: 2, fd, off: 0 }, Math.round(ts * 2 ** 20));

const openRelative = (ts: number, pid: number, name: string) =>
  call(ts, pid, 'openat', { dfd: AT_FDCWD, filename: 1, flags: 0, mode: 0, __filename_val: name }, 9);

describe('a process that was attached to', () => {
  it('is in the report also where it does nothing', () => {
    const { process, report } = lifeOf([event(6, 99, 'sched_switch')], { notes: [attached()] });
    const life = process(10);
    assert.deepEqual([life.role, life.comm, life.fork, life.state], ['attached', 'server', null, 'running']);
    assert.deepEqual(life.incomplete, ['its beginning is not in the trace']);
    assert.deepEqual(life.threads, [{ tid: 11, start: null, end: null }]);
    assert.deepEqual(life.attached, {
      ts: 5,
      time: null,
      program: '/usr/bin/server',
      argv: ['server', '-v'],
      cwd: '/srv',
      parent: 1,
      files: [{ fd: 3, path: '/var/log/x' }],
    });
    assert.deepEqual(
      life.libraries.map(({ path, base, nameSource, inMaps }) => [path, base, nameSource, inMaps]),
      [['/lib/libz.so.1', 0x7f0000, 'maps', true]],
    );
    assert.equal(report.processes.length, 1);
  });

  it('is known from the first look on: what comes before the second concerns it', () => {
    const second = attached({ ts: 9, exe: '/usr/bin/other', comm: 'other', threads: [10], argv: ['other'] });
    const { process, report } = lifeOf(
      [generate(6, 99, { sig: 1, pid: 10 }), event(10, 99, 'sched_switch')],
      {
        notes: [attached(), second],
      },
    );
    assert.deepEqual(
      report.signals.map(({ signal, target }) => [signal, target.tgid]),
      [['SIGHUP', 10]],
    );
    const life = process(10);
    assert.equal(life.attached?.ts, 5);
    // No exec is in the trace: it became the other between the two looks.
    assert.deepEqual([life.attached.program, life.attached.argv], ['/usr/bin/other', ['other']]);
    assert.deepEqual(
      life.libraries.map(({ path }) => path),
      ['/lib/libz.so.1'],
    );
  });

  it('has names for what it opened, and where it was, before the trace', () => {
    const { process } = lifeOf([mapped(6, 11, 3), openRelative(7, 10, 'data/x')].flat(), {
      notes: [attached()],
    });
    // Thread 11 is known as its own from the note alone: these events have no tgid.
    assert.deepEqual(
      process(10).libraries.map(({ path, nameSource }) => [path, nameSource]),
      [
        ['/lib/libz.so.1', 'maps'],
        ['/var/log/x', 'proc'],
      ],
    );
    assert.equal(process(10).files[0]?.path, '/srv/data/x');
  });

  it('is not given descriptors of a time that has not come', () => {
    const { process } = lifeOf([mapped(4, 10, 3), mapped(6, 10, 3)], { notes: [attached()] });
    assert.deepEqual(
      process(10).libraries.map(({ path }) => path),
      [null, '/lib/libz.so.1', '/var/log/x'],
    );
  });

  it('hands on to a child what it has, until that closes it or becomes another program', () => {
    const { process } = lifeOf([fork(6, 10, 20), mapped(7, 20, 3), openRelative(8, 20, 'y')], {
      notes: [attached()],
    });
    assert.equal(process(20).role, 'descendant');
    assert.equal(process(20).libraries.at(-1)?.path, '/var/log/x');
    assert.equal(process(20).files[0]?.path, '/srv/y');
  });

  it('counts as the tree: who is not of it sends from outside', () => {
    const { signal } = lifeOf([generate(6, 99, { sig: 15, pid: 10 }), deliver(6.1, 10, 15, 0x1234)], {
      notes: [attached()],
    });
    assert.equal(signal('SIGTERM').sender?.inTree, false);
  });

  it('does not take the end of a child that nobody saw for its own', () => {
    const { process } = lifeOf(
      [
        generate(6, 99, { sig: 15, pid: 10 }),
        deliver(6.1, 10, 9),
        schedExit(6.2, 10, true),
        // An old zombie of its is given to init.
        generate(6.3, 10, { sig: 17, pid: 1, code: 1 }),
        // Its own, to the parent that /proc named.
        generate(6.4, 10, { sig: 17, pid: 4, code: 2 }),
        free(6.5, 10),
      ],
      { notes: [attached({ parent: 4, threads: [10] })] },
    );
    assert.deepEqual([process(10).exit?.kind, process(10).exit?.signal], ['signaled', 'SIGTERM']);
  });
});

describe('arguments that were read while a program ran', () => {
  const execs = [
    ...call(1, 10, 'getpid', {}, 10),
    enter(2, 10, 'execve', { filename: 1, __filename_val: '/bin/one' }),
    event(2.1, 10, 'sched_process_exec', { filename: '/bin/one', pid: 10, old_pid: 10 }),
    exit(2.2, 10, 'execve', 0),
    enter(3, 10, 'execve', { filename: 1, __filename_val: '/bin/two' }),
    event(3.1, 10, 'sched_process_exec', { filename: '/bin/two', pid: 10, old_pid: 10 }),
    exit(3.2, 10, 'execve', 0),
  ];
  const argvs = (ts: number, until: number) =>
    lifeOf(execs, { notes: [{ kind: 'arguments', pid: 10, ts, until, argv: ['x', 'y'] }] })
      .process(10)
      .execs.map(({ argv, argvSource }) => [argv?.join(' ') ?? null, argvSource]);

  it('belong to the exec before', () => {
    assert.deepEqual(argvs(2.5, 2.6), [
      ['x y', 'proc'],
      [null, null],
    ]);
    assert.deepEqual(argvs(4, 4.1), [
      [null, null],
      ['x y', 'proc'],
    ]);
  });

  it('belong to nobody where another program began while they were read', () => {
    assert.deepEqual(argvs(2.5, 3.15), [
      [null, null],
      [null, null],
    ]);
  });
});

describe('the working directory of the workload', () => {
  it('makes names absolute, for the command and what it forks', () => {
    const { process } = lifeOf(
      [fork(1, 10, 20), openRelative(2, 20, './a'), fork(3, 20, 30), openRelative(4, 30, 'b')],
      {
        notes: [
          {
            kind: 'workload',
            parent: 10,
            command: 20,
            path: '/x',
            argv: ['x'],
            cwd: '/home/me',
            control: null,
          },
        ],
      },
    );
    assert.deepEqual([process(20).files[0]?.path, process(30).files[0]?.path], ['/home/me/a', '/home/me/b']);
  });
});
