import assert from 'node:assert/strict';
import { call, enter, event, exit, fork, lifeOf } from './life-of';

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
});
