import assert from 'node:assert/strict';
import { compareLives, tell } from './compare';
import { livesInStraceLog } from './told-by-strace';
import { readStraceLog, waitedFor } from './strace-log';

/** As strace 6.1 printed it of a shell, with numbers that are easy to read. */
const LOG = `\
10 1.000000 execve("/usr/bin/sh", ["sh"], 0x7ffcde920bb0 /* 35 vars */) = 0
10 1.100000 rt_sigaction(SIGCHLD, {sa_handler=0x55fdd7a21dc0, sa_mask=~[RTMIN RT_1], sa_flags=SA_RESTORER, sa_restorer=0x7fcf97cc6050}, NULL, 8) = 0
10 1.200000 vfork( <unfinished ...>
11 1.300000 execve("/usr/local/bin/nap", ["nap"], 0x5635f846aa78 /* 35 vars */) = -1 ENOENT (No such file or directory)
11 1.300001 execve("/usr/bin/nap", ["nap"], 0x5635f846aa78 /* 35 vars */ <unfinished ...>
10 1.400000 <... vfork resumed>)         = 11
10 1.500000 kill(11, SIGSEGV)            = 0
10 1.600000 wait4(-1,  <unfinished ...>
11 1.700000 <... execve resumed>)        = 0
11 1.800000 --- SIGSEGV {si_signo=SIGSEGV, si_code=SI_USER, si_pid=10, si_uid=0} ---
11 1.900000 +++ killed by SIGSEGV (core dumped) +++
10 2.000000 <... wait4 resumed>[{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)}], 0, NULL) = 11
10 2.100000 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_DUMPED, si_pid=11, si_uid=0, si_status=SIGSEGV, si_utime=0, si_stime=0} ---
10 2.200000 exit_group(139)              = ?
10 2.300000 +++ exited with 139 +++
`;

describe('a log of strace', () => {
  it('gives a call in two lines as one, with both of its times', () => {
    const vfork = readStraceLog(LOG).find((line) => line.kind === 'call' && line.name === 'vfork');
    assert.deepEqual(vfork, {
      kind: 'call',
      tid: 10,
      ts: 1.4,
      entered: 1.2,
      name: 'vfork',
      args: '',
      result: 11,
      error: null,
    });
  });

  it('gives the exec of another thread to the first, whose number it takes', () => {
    const lines = readStraceLog(
      '7 1.0 execve("/bin/sh", ["sh"], 0x1 /* 2 vars */ <pid changed to 6 ...>\n' +
        '6 1.1 +++ superseded by execve in pid 7 +++\n' +
        '6 1.2 <... execve resumed>) = 0\n',
    );
    assert.deepEqual(
      lines.map((line) => [line.kind, line.tid]),
      [
        ['superseded', 6],
        ['call', 6],
      ],
    );
  });

  it('tells whom a wait returned and how it ended, and nobody for a stop', () => {
    const told = (args: string, result: number, name = 'wait4'): ReturnType<typeof waitedFor> =>
      waitedFor({ kind: 'call', tid: 1, ts: 1, entered: 1, name, args, result, error: null });
    assert.deepEqual(told('-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL', 5), {
      pid: 5,
      end: 'exit 3',
    });
    assert.deepEqual(told('5, NULL, 0, NULL', 5), { pid: 5, end: null });
    assert.equal(told('5, [{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}], WSTOPPED, NULL', 5), null);
    assert.equal(told('-1, 0x7ffd, WNOHANG, NULL', 0), null);
    const siginfo = '{si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=5, si_uid=0, si_status=SIGTERM}';
    assert.deepEqual(told(`P_ALL, 0, ${siginfo}, WEXITED, NULL`, 0, 'waitid'), { pid: 5, end: 'SIGTERM' });
    assert.equal(told(`P_ALL, 0, ${siginfo}, WEXITED|WNOWAIT, NULL`, 0, 'waitid'), null);
  });

  it('is not read past a line that is unknown', () => {
    assert.throws(() => readStraceLog('7 1.0 ??? something new\n'), /something new/);
  });
});

describe('two tellings of the same lives', () => {
  const original = livesInStraceLog(LOG, '/');

  it('agree whatever their pids and times are', () => {
    const again = LOG.replaceAll(/\b10\b/g, '70')
      .replaceAll(/\b11\b/g, '71')
      .replaceAll(/ ([12])\./g, ' 8$1.');
    const { unexplained, agreed } = compareLives(original, livesInStraceLog(again, '/'), 'births');
    assert.equal(tell(unexplained), '');
    assert.equal(agreed, 10);
  });

  const changes: readonly (readonly [what: string, from: RegExp, to: string, fact: string])[] = [
    ['an exit code', /exited with 139/, 'exited with 0', '1 ends by exit 139'],
    ['a core dump', / && WCOREDUMP\(s\)| \(core dumped\)/g, '', '1.1 ends by SIGSEGV, core dumped'],
    ['a program', /bin\/nap/g, 'bin/cat', '1.1 runs /usr/bin/nap'],
    ['an errno', /ENOENT/, 'EACCES', '1.1 1 times finds no program: ENOENT'],
    ['a sender', /SI_USER, si_pid=10/, 'SI_USER, si_pid=99', '1.1 gets SIGSEGV (SI_USER) from 1: fatal'],
    ['a handler', /sa_handler=0x\w+/, 'sa_handler=SIG_DFL', '1 gets SIGCHLD (CLD_DUMPED) from 1.1: handled'],
    ['a reaper', /= 11\n(?=10 2\.1)/, '= -1 ECHILD (No child processes)\n', '1.1 is reaped by 1 with wait4'],
    ['the call of a birth', /vfork/g, 'fork', '1.1 was born by vfork'],
  ];
  for (const [what, from, to, fact] of changes) {
    it(`differ in ${what}, and nothing explains it`, () => {
      const changed = LOG.replace(from, to);
      assert.notEqual(changed, LOG);
      const { unexplained } = compareLives(original, livesInStraceLog(changed, '/'), 'births');
      assert.ok(tell(unexplained).includes(`${fact} -- only strace`), tell(unexplained));
    });
  }
});
