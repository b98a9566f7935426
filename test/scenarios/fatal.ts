/** Signals that end a process, and who sent them. */
import assert from 'node:assert/strict';
import { defaultAction, signalName } from '../../src/kernel/signals';
import type { SignalOrigin, SignalRecord } from '../../src/model/report';
import type { Scenario } from './scenario';
import type { Told } from './told';

function fatal(
  name: string,
  scene: string,
  holds: Scenario['holds'],
  more: Partial<Scenario> = {},
): Scenario {
  return { name, program: 'fatal', scene, holds, ...more };
}

/** The signals that the program said it sent: who sent them to whom, and how. */
function sentAsSaid(told: Told, origin: SignalOrigin, code: string | number): SignalRecord[] {
  return told.facts('sent').map(({ sent, by, to }) => {
    const record = told.oneSignal(told.life(Number(to)), signalName(Number(sent)));
    assert.deepEqual(
      [record.sender?.pid, record.sender?.inTree, record.origin, record.code],
      [by, true, origin, code],
    );
    assert.equal(record.number, sent);
    return record;
  });
}

/**
 * Where the interrupt came while the second CPU was idle, a kernel may write no call trace after the event (seen on
 * 6.18: every one of CPU 0, none of CPU 1): then the code alone says that it was a timer.
 */
function fromTimer(record: SignalRecord): RegExp {
  const untraced = record.sender?.irq === true && record.generated?.stack.length === 0;
  return untraced ? /(?: expired|\(RLIMIT_CPU\))$/ : /(?: expired|\(RLIMIT_CPU\)), /;
}

function causeOf(told: Told): string {
  return told.life(told.number('born')).exit?.cause ?? '';
}

export const FATAL: readonly Scenario[] = [
  fatal(
    'each signal that ends a process, by its number and not as the 9 that is delivered',
    'each',
    (told) => {
      const sent = sentAsSaid(told, 'kill', 'SI_USER');
      assert.equal(sent.length, 24);
      for (const record of sent) {
        assert.deepEqual(
          [record.result, record.fatal, record.delivered?.handler],
          ['delivered', true, 'default'],
        );
        const life = told.life(record.target.pid);
        const dumps = defaultAction(record.number) === 'core';
        assert.equal(
          life.exit?.coreDumped,
          false,
          `${record.signal}, ${dumps ? 'with a limit of 0' : 'no core'}`,
        );
        assert.match(
          life.exit.cause,
          new RegExp(`^${record.signal.replace('+', '\\+')} from fatal \\(\\d+\\), .*kill`),
        );
      }
      return 'ok';
    },
  ),
  fatal('SIGKILL from the parent', 'kill', (told) => {
    sentAsSaid(told, 'kill', 'SI_USER');
    assert.match(causeOf(told), /^SIGKILL from fatal \(\d+\), /);
    return 'ok';
  }),
  fatal(
    'SIGTERM from outside of the tree',
    'outsider',
    (told) => {
      const child = told.life(told.number('ready'));
      const record = told.fatalOf(child);
      assert.deepEqual(
        [record.sender?.pid, record.sender?.inTree, record.origin, record.code, record.result],
        [told.outsider, false, 'kill', 'SI_USER', 'delivered'],
      );
      assert.match(child.exit?.cause ?? '', new RegExp(`^SIGTERM from \\S+ \\(${told.outsider}\\), `));
      return 'ok';
    },
    {
      outside: ({ ready }) => {
        if (ready !== undefined) process.kill(Number(ready), 'SIGTERM');
      },
    },
  ),
  fatal('raise: a signal from itself', 'raise', (told) => {
    sentAsSaid(told, 'tgkill', 'SI_TKILL');
    assert.match(causeOf(told), /^SIGTERM from itself, /);
    return 'ok';
  }),
  fatal('abort', 'abort', (told) => {
    sentAsSaid(told, 'tgkill', 'SI_TKILL');
    assert.match(causeOf(told), /^SIGABRT from itself, /);
    return 'ok';
  }),
  fatal('sigqueue', 'sigqueue', (told) => {
    sentAsSaid(told, 'rt_sigqueue', 'SI_QUEUE');
    return 'ok';
  }),
  fatal('a signal by pidfd', 'pidfd', (told) => {
    sentAsSaid(told, 'pidfd', 'SI_USER');
    return 'ok';
  }),
  fatal('kill of a process group: one call, a signal to each', 'group', (told) => {
    assert.equal(sentAsSaid(told, 'kill', 'SI_USER').length, 3);
    return 'ok';
  }),
  fatal('SIGTERM handled, then exit(0): no death by signal', 'handled-then-exit', (told) => {
    const [record] = sentAsSaid(told, 'kill', 'SI_USER');
    assert.equal(record?.fatal, false);
    assert.match(record.delivered?.handler ?? '', /^0x/);
    assert.equal(causeOf(told), 'exit_group(0)');
    return 'ok';
  }),
  fatal('SIGTERM handled, and raised again with the default action', 'handled-then-raised', (told) => {
    const child = told.life(told.number('born'));
    const [first, second] = told.signalsTo(child, 'SIGTERM');
    assert.deepEqual([first?.fatal, first?.origin, first?.sender?.pid], [false, 'kill', told.workload.pid]);
    assert.deepEqual([second?.fatal, second?.origin, second?.sender?.pid], [true, 'tgkill', child.pid]);
    assert.match(causeOf(told), /^SIGTERM from itself, /);
    return 'ok';
  }),
  fatal('SIGTERM ignored, then SIGKILL', 'term-then-kill', (told) => {
    const [term, kill] = sentAsSaid(told, 'kill', 'SI_USER');
    assert.deepEqual([term?.result, term?.delivered, term?.fatal], ['ignored', null, false]);
    assert.deepEqual([kill?.result, kill?.fatal], ['delivered', true]);
    return 'ok';
  }),
  fatal('SIGPIPE of a pipe that nobody reads', 'pipe', (told) => {
    const record = told.fatalOf(told.life(told.number('born')));
    assert.deepEqual(
      [record.origin, record.code, record.sender?.pid],
      ['pipe', 'SI_USER', record.target.pid],
    );
    assert.match(causeOf(told), /^SIGPIPE: it wrote to a pipe that nobody reads, .*pipe_write/);
    return 'ok';
  }),
  fatal('SIGPIPE of a socket whose other end is closed', 'socket', (told) => {
    assert.equal(told.fatalOf(told.life(told.number('born'))).origin, 'pipe');
    return 'ok';
  }),
  fatal('the three interval timers', 'itimers', (told) => {
    assert.equal(told.facts('timer').length, 3);
    for (const { timer, signal } of told.facts('timer')) {
      const record = told.fatalOf(told.life(Number(timer)));
      assert.deepEqual([record.number, record.origin, record.code], [signal, 'timer', 'SI_KERNEL']);
      assert.match(told.life(Number(timer)).exit?.cause ?? '', fromTimer(record));
    }
    return 'ok';
  }),
  fatal('a timer of timer_create', 'posix-timer', (told) => {
    const record = told.fatalOf(told.life(told.number('timer')));
    assert.deepEqual([record.signal, record.origin, record.code], ['SIGUSR1', 'timer', 'SI_TIMER']);
    assert.match(causeOf(told), fromTimer(record));
    return 'ok';
  }),
  fatal('SIGXCPU at the limit of processor time', 'cpu-limit', (told) => {
    const record = told.fatalOf(told.life(told.number('born')));
    assert.deepEqual([record.signal, record.origin, record.code], ['SIGXCPU', 'timer', 'SI_KERNEL']);
    return 'ok';
  }),
  fatal('SIGXFSZ at the limit of file size', 'file-size', (told) => {
    const record = told.fatalOf(told.life(told.number('born')));
    assert.deepEqual(
      [record.signal, record.code, record.sender?.pid],
      ['SIGXFSZ', 'SI_USER', record.target.pid],
    );
    return 'ok';
  }),
  fatal('the signal that a process asked for at its parent’s death', 'parent-death', (told) => {
    const child = told.life(told.number('pdeath'));
    const record = told.fatalOf(child);
    assert.deepEqual(
      [record.origin, record.code, record.sender?.pid],
      ['pdeath', 'SI_USER', told.number('pdeath', 'of')],
    );
    return 'ok';
  }),
  fatal('a process of four threads: one SIGTERM, and no other signal', 'threads-killed', (told) => {
    sentAsSaid(told, 'kill', 'SI_USER');
    const child = told.life(told.number('born'));
    assert.equal(child.signals.length, 1);
    assert.equal(child.threads.length, 3);
    return 'ok';
  }),
  fatal(
    'a signal that ends the threads that are left, after the first has gone',
    'first-thread-gone',
    (told) => {
      for (const record of sentAsSaid(told, 'kill', 'SI_USER')) {
        assert.equal(record.fatal, true, record.signal);
        assert.match(
          told.life(record.target.pid).exit?.cause ?? '',
          new RegExp(`^${record.signal} from fatal `),
        );
      }
      return 'ok';
    },
  ),
  fatal('a signal to one thread, which ends all', 'thread-killed', (told) => {
    const child = told.life(told.number('born'));
    const record = told.fatalOf(child);
    assert.deepEqual(
      [record.signal, record.origin, record.target],
      ['SIGINT', 'tgkill', { pid: told.number('thread'), tgid: child.pid, comm: 'fatal' }],
    );
    assert.match(causeOf(told), /^SIGINT from itself, /);
    return 'ok';
  }),
  fatal('SIGHUP to a stopped group that a death orphans', 'orphaned-group', (told) => {
    const child = told.life(told.number('orphan'));
    const record = told.fatalOf(child);
    assert.deepEqual([record.signal, record.origin, record.code], ['SIGHUP', 'orphaned-pgrp', 'SI_KERNEL']);
    assert.equal(told.oneSignal(child, 'SIGCONT').origin, 'orphaned-pgrp');
    assert.equal(told.oneSignal(child, 'SIGSTOP').fatal, false);
    return 'ok';
  }),
];
