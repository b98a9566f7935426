import assert from 'node:assert/strict';
import { Lifecycle } from '../../src/model/lifecycle';
import type { ProcessRecord, Report } from '../../src/model/report';
import { TextReader } from '../../src/readers/text/text-reader';

/** The report of a few lines of ftrace text, as people paste them. */
function reportOf(text: string): Report {
  const reader = new TextReader();
  const lifecycle = new Lifecycle({ source: 'text' });
  lifecycle.apply(reader.push(Buffer.from(text)));
  lifecycle.apply(reader.end());
  return lifecycle.finish().report;
}

const named = (report: Report): string[] =>
  report.processes.map(({ comm, pid }) => `${comm ?? '?'} ${pid}`).sort();

function theProcess(report: Report, pid: number): ProcessRecord {
  const found = report.processes.find((process) => process.pid === pid);
  assert.ok(found !== undefined, `no process ${pid}`);
  return found;
}

const GENERATE =
  '     python-1771  [000] d..1.  401.375501: signal_generate: sig=9 errno=0 code=0 comm=sleep pid=1772 grp=1 res=0\n';
const DELIVER =
  '      sleep-1772  [000] d..1.  401.375601: signal_deliver: sig=9 errno=0 code=0 sa_handler=0 sa_flags=0\n';
const EXIT = '      sleep-1772  [000] d..1.  401.375601: sched_process_exit: comm=sleep pid=1772 prio=120\n';

describe('a saved trace that no session declared', () => {
  it('has a process for the sender and the target of a signal, and the sender that its line names', () => {
    const report = reportOf(GENERATE);
    assert.deepEqual(named(report), ['python 1771', 'sleep 1772']);
    const [signal] = report.signals;
    assert.deepEqual(
      [signal?.sender?.pid, signal?.sender?.comm, signal?.target.comm, signal?.result],
      [1771, 'python', 'sleep', 'unknown'],
    );
    assert.deepEqual(theProcess(report, 1772).signals, [0]);
    assert.deepEqual([theProcess(report, 1772).exit, theProcess(report, 1772).state], [null, 'unknown']);
  });

  it('knows who killed from a sending and a delivery alone', () => {
    const { exit } = theProcess(reportOf(GENERATE + DELIVER), 1772);
    assert.deepEqual([exit?.kind, exit?.signal], ['signaled', 'SIGKILL']);
    assert.match(exit?.cause ?? '', /^SIGKILL from python \(1771\)/);
  });

  it('knows that a SIGKILL ended what exits after it, where neither deliveries nor exit calls are traced', () => {
    const { exit } = theProcess(reportOf(GENERATE + EXIT), 1772);
    assert.deepEqual([exit?.kind, exit?.signal], ['signaled', 'SIGKILL']);
  });

  it('does not know what another signal did to what exits after it', () => {
    const process = theProcess(reportOf(GENERATE.replace('sig=9', 'sig=15') + EXIT), 1772);
    assert.equal(process.exit, null);
  });

  it('does not take a SIGKILL for the end of who called exit before it', () => {
    const exitCall = '      sleep-1772  [000] d..1.  401.375500: sys_exit_group(error_code: 0)\n';
    const { exit } = theProcess(reportOf(exitCall + GENERATE + EXIT), 1772);
    assert.deepEqual([exit?.kind, exit?.code], ['exited', 0]);
  });

  it('reports two processes that kill one another', () => {
    const report = reportOf(
      [
        '           a-10    [000] d..1.  1.000001: signal_generate: sig=15 errno=0 code=0 comm=b pid=20 grp=1 res=0',
        '           b-20    [001] d..1.  1.000002: signal_generate: sig=15 errno=0 code=0 comm=a pid=10 grp=1 res=0',
        '           a-10    [000] d..1.  1.000003: signal_deliver: sig=9 errno=0 code=0 sa_handler=0 sa_flags=0',
        '           b-20    [001] d..1.  1.000004: signal_deliver: sig=9 errno=0 code=0 sa_handler=0 sa_flags=0',
        '',
      ].join('\n'),
    );
    assert.match(theProcess(report, 10).exit?.cause ?? '', /^SIGTERM from b \(20\)/);
    assert.match(theProcess(report, 20).exit?.cause ?? '', /^SIGTERM from a \(10\)/);
  });

  it('takes nobody for the sender of a signal that an interrupt sends', () => {
    const report = reportOf(
      '     python-1771  [000] d.h1.  401.375501: signal_generate: sig=14 errno=0 code=128 comm=sleep pid=1772 grp=1 res=0\n',
    );
    assert.deepEqual(named(report), ['sleep 1772']);
    assert.equal(report.signals[0]?.sender?.irq, true);
  });

  const ONLY: readonly (readonly [what: string, lines: string, processes: string[]])[] = [
    [
      'the scheduler switches between',
      'a-10 [000] d..2. 1.000001: sched_switch: prev_comm=a prev_pid=10 prev_prio=120 prev_state=S ==> next_comm=b next_pid=20 next_prio=120',
      ['a 10', 'b 20'],
    ],
    [
      'the idle task switches to',
      '<idle>-0 [000] d..2. 1.000001: sched_switch: prev_comm=swapper/0 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=b next_pid=20 next_prio=120',
      ['b 20'],
    ],
    [
      'are woken',
      '<idle>-0 [000] dNh4. 1.000001: sched_wakeup: comm=sshd pid=700 prio=120 target_cpu=000',
      ['sshd 700'],
    ],
    ['exit', '<...>-100 [000] d..2. 10.000001: sched_process_exit: comm=one pid=100 prio=120', ['one 100']],
    [
      'are freed',
      '<idle>-0 [000] ..s1. 10.000001: sched_process_free: comm=one pid=100 prio=120',
      ['one 100'],
    ],
    [
      'the OOM killer chooses',
      'a-10 [000] .... 1.000001: mark_victim: pid=20 comm=b total-vm=1kB anon-rss=1kB file-rss:0kB shmem-rss:0kB uid=0 pgtables=1kB oom_score_adj=0',
      ['a 10', 'b 20'],
    ],
    [
      'run into a probe',
      'bash-1 [000] d..3. 10.000001: myprobe: (do_sys_openat2+0x0/0x1a0) arg1=1',
      ['bash 1'],
    ],
    [
      'make a call that the report does not follow',
      'bash-4 [000] .... 10.000001: sys_enter_getpid: ',
      ['bash 4'],
    ],
  ];
  for (const [what, lines, processes] of ONLY) {
    it(`has the processes that ${what}`, () => {
      assert.deepEqual(named(reportOf(`${lines}\n`)), processes);
    });
  }

  it('has a task once, whichever events name it', () => {
    const report = reportOf(
      `${GENERATE}${DELIVER}${EXIT}<idle>-0 [000] ..s1. 402.000001: sched_process_free: comm=sleep pid=1772 prio=120\n`,
    );
    assert.deepEqual(named(report), ['python 1771', 'sleep 1772']);
  });

  it('reports what it has no events of once, and of no process', () => {
    const report = reportOf(GENERATE + DELIVER);
    assert.deepEqual(report.trace.incomplete, ['no forks, execs, exits or waits are in this trace']);
    assert.deepEqual(
      report.processes.flatMap(({ incomplete }) => incomplete),
      [],
    );
  });

  it('names a task whose name only another event has', () => {
    const report = reportOf(
      `<...>-100 [000] d..2. 10.000001: sys_enter_getpid: \n<...>-7 [000] d..2. 10.000002: sched_wakeup: comm=late pid=100 prio=120 target_cpu=000\n`,
    );
    assert.deepEqual(named(report), ['? 7', 'late 100']);
  });
});
