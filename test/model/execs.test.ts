import assert from 'node:assert/strict';
import type { EventFields, Loss } from '../../src/trace-event';
import { call, enter, event, exit, fork, generate, lifeOf } from './life-of';

const schedExec = (ts: number, pid: number, filename: string, oldPid = pid) =>
  event(ts, pid, 'sched_process_exec', { filename, pid, old_pid: oldPid });

describe('an exec', () => {
  it('is one exec, whether the scheduler or the call tells it', () => {
    const { process, stagesOf } = lifeOf([
      enter(1, 10, 'execve', { filename: 1, argv: 2, envp: 3 }),
      schedExec(1.1, 10, '/bin/true'),
      exit(1.2, 10, 'execve', 0),
    ]);
    assert.deepEqual(process(10).execs, [
      {
        ts: 1.1,
        time: null,
        path: '/bin/true',
        argv: null,
        argvSource: null,
        error: null,
        nameSource: 'exec-event',
        call: 'execve',
      },
    ]);
    assert.equal(stagesOf('exec').length, 1);
  });

  it('follows from the call alone', () => {
    const { process } = lifeOf([call(1, 10, 'execve', { filename: 1 }, 0)]);
    assert.deepEqual(
      process(10).execs.map(({ path, error, nameSource }) => [path, error, nameSource]),
      [[null, null, null]],
    );
    assert.match(process(10).incomplete.join(), /name of a program/);
  });

  describe('whose arguments a probe reported,', () => {
    const told = (argv: EventFields, lost: Loss[] = []) =>
      lifeOf(
        [
          enter(1, 10, 'execve', { filename: 1, argv: 2, envp: 3 }),
          event(1.05, 10, 'argv', argv),
          schedExec(1.1, 10, '/bin/echo'),
          exit(1.2, 10, 'execve', 0),
        ],
        { lost },
      )
        .process(10)
        .execs.map(({ argv: found, argvSource }) => [found, argvSource]);

    it('has them all', () => {
      const argv = { argc: 3, argv0: 'echo', argv1: 'two words', argv2: '', argv3: '(fault)' };
      assert.deepEqual(told(argv), [[['echo', 'two words', ''], 'probe']]);
    });

    it('has none where one is missing', () => {
      assert.deepEqual(told({ argc: 2, argv0: 'echo', argv1: '(fault)' }), [[null, null]]);
      assert.deepEqual(told({ argc: 2, argv0: 'echo' }), [[null, null]]);
    });

    it('has none where events were lost in between', () => {
      const loss = { cpu: 0, ts: 1.07, count: 5 };
      assert.deepEqual(told({ argc: 1, argv0: 'echo' }, [loss]), [[null, null]]);
    });
  });

  it('of a file without a name is not named like the interpreter that the kernel opens for it', () => {
    const { process } = lifeOf([
      enter(1, 10, 'execveat', { fd: 4, filename: 1, argv: 2, envp: 3, flags: 0x1000 }),
      event(1.1, 10, 'filp_open', { path: '' }),
      event(1.2, 10, 'filp_open', { path: '/lib64/ld-linux-x86-64.so.2' }),
      schedExec(1.3, 10, '/dev/fd/4'),
      exit(1.4, 10, 'execve', 0),
    ]);
    assert.deepEqual(
      process(10).execs.map(({ path, nameSource }) => [path, nameSource]),
      [['/dev/fd/4', 'exec-event']],
    );
  });

  it('takes the name from the call itself where the kernel puts it there', () => {
    const { process } = lifeOf([
      call(1, 10, 'execve', { filename: 1, __filename_val: '/opt/a' }, -2),
      call(2, 10, 'execve', { filename: 1, __filename_val: '/usr/bin/a' }, 0),
    ]);
    assert.deepEqual(
      process(10).execs.map(({ path, error, nameSource }) => [path, error, nameSource]),
      [
        ['/opt/a', 'ENOENT', 'syscall'],
        ['/usr/bin/a', null, 'syscall'],
      ],
    );
  });

  it('that succeeds by execveat returns as execve', () => {
    const { process } = lifeOf([
      enter(1, 10, 'execveat', { fd: 4294967196, filename: 1, __filename_val: '/bin/x' }),
      exit(1.1, 10, 'execve', 0),
    ]);
    assert.deepEqual([process(10).execs[0]?.call, process(10).execs[0]?.path], ['execveat', '/bin/x']);
  });

  it('by another thread than the first takes over the first thread', () => {
    const { process, report } = lifeOf([
      fork(1, 10, 11, 0x3d0f00),
      enter(2, 11, 'execve', { filename: 1 }),
      schedExec(2.1, 10, '/bin/x', 11),
      exit(2.2, 10, 'execve', 0),
    ]);
    assert.equal(report.processes.length, 1);
    assert.deepEqual(
      process(10).execs.map((exec) => exec.path),
      ['/bin/x'],
    );
    assert.equal(process(10).threads[0]?.end, 2.1);
  });

  it('resolves a relative name where the working directory is in the trace, and keeps it where it is not', () => {
    const { process } = lifeOf([
      call(1, 10, 'execve', { filename: 1, __filename_val: './a' }, -2),
      call(2, 10, 'chdir', { filename: 1, __filename_val: '/srv' }, 0),
      call(3, 10, 'execve', { filename: 1, __filename_val: './a' }, 0),
    ]);
    assert.deepEqual(
      process(10).execs.map((exec) => exec.path),
      ['./a', '/srv/a'],
    );
    assert.match(process(10).incomplete.join(), /relative file names stay relative/);
  });

  it('renames the process, and the name is dated', () => {
    const { process, stagesOf } = lifeOf([
      fork(1, 10, 20),
      event(2, 20, 'task_rename', { pid: 20, oldcomm: 'child', newcomm: 'a.out', oom_score_adj: 0 }),
      schedExec(2.1, 20, '/bin/a.out'),
    ]);
    assert.deepEqual(process(20).commHistory, [
      { ts: 1, comm: 'child' },
      { ts: 2, comm: 'a.out' },
    ]);
    assert.equal(process(20).comm, 'a.out');
    assert.equal(stagesOf('rename')[0]?.text, 'child (20) is now called a.out');
  });

  it('of a descriptor is named by it, where its name is known', () => {
    const { process } = lifeOf([
      call(1, 10, 'openat', { dfd: -100, filename: 1, __filename_val: '/opt/bin', flags: 0, mode: 0 }, 3),
      enter(2, 10, 'execveat', { fd: 3, filename: 1, argv: 2, envp: 3, flags: 0 }),
      schedExec(2.1, 10, '/dev/fd/3/tool'),
      exit(2.2, 10, 'execve', 0),
      enter(3, 10, 'execveat', { fd: 7, filename: 1, argv: 2, envp: 3, flags: 0x1000 }),
      schedExec(3.1, 10, '/dev/fd/7'),
      exit(3.2, 10, 'execve', 0),
    ]);
    assert.deepEqual(
      process(10).execs.map((exec) => exec.path),
      ['/opt/bin/tool', '/dev/fd/7'],
    );
  });

  it('after which no system call comes is said to be silent, as 32-bit programs are', () => {
    const into32 = [
      fork(1, 10, 20),
      enter(2, 20, 'execve', { filename: 1 }),
      schedExec(2.1, 20, '/opt/old'),
      event(3, 20, 'sched_process_exit', { comm: 'old', pid: 20, prio: 120, group_dead: true }),
      generate(3.1, 20, { sig: 17, pid: 10, code: 1 }),
    ];
    assert.match(lifeOf(into32).process(20).incomplete.join(), /32-bit/);
    const native = [...into32.slice(0, 3), exit(2.2, 20, 'execve', 0), ...into32.slice(3)];
    assert.doesNotMatch(lifeOf(native).process(20).incomplete.join(), /32-bit/);
  });
});
