/** Stopped and continued, by signals and by a tracer. */
import assert from 'node:assert/strict';
import type { Scenario } from './scenario';
import type { Told } from './told';

const TRACER = [/^it is traced by ptrace/];

function stop(name: string, scene: string, holds: Scenario['holds'], more: Partial<Scenario> = {}): Scenario {
  return { name, program: 'stops', scene, holds, ...more };
}

function stopped(signal: string): (told: Told) => 'ok' {
  return (told) => {
    const child = told.life(told.number('born'));
    const record = told.oneSignal(child, signal);
    assert.deepEqual(
      [record.result, record.delivered?.handler, record.fatal, record.sender?.pid],
      ['delivered', 'default', false, told.workload.pid],
    );
    assert.equal(told.oneSignal(child, 'SIGCONT').sender?.pid, told.workload.pid);
    assert.equal(told.fatalOf(child).signal, 'SIGTERM');
    const codes = told.signalsTo(told.workload, 'SIGCHLD').map(({ code }) => code);
    assert.ok(codes.includes('CLD_STOPPED'));
    assert.equal(codes.at(-1), 'CLD_KILLED');
    return 'ok';
  };
}

export const STOPS: readonly Scenario[] = [
  stop('SIGSTOP and SIGCONT, and waits that reap nobody', 'stop', stopped('SIGSTOP')),
  stop('SIGTSTP', 'tstp', stopped('SIGTSTP')),
  stop('a stop reported by waitid', 'waitid', stopped('SIGSTOP')),
  stop('SIGTERM that waits until its process goes on', 'term-while-stopped', (told) => {
    const child = told.life(told.number('born'));
    const fatal = told.fatalOf(child);
    assert.equal(fatal.signal, 'SIGTERM');
    assert.ok(fatal.delivered!.ts >= told.oneSignal(child, 'SIGCONT').ts);
    return 'ok';
  }),
  stop('SIGKILL for a stopped process', 'kill-while-stopped', (told) => {
    assert.equal(told.fatalOf(told.life(told.number('born'))).signal, 'SIGKILL');
    return 'ok';
  }),
  stop(
    'a signal that a tracer keeps from its tracee, and one that it lets in',
    'suppressed',
    (told) => {
      const child = told.life(told.number('held'));
      assert.deepEqual(
        [told.oneSignal(child, 'SIGUSR1').result, told.oneSignal(child, 'SIGUSR1').delivered],
        ['unknown', null],
      );
      const fatal = told.fatalOf(child);
      assert.deepEqual(
        [fatal.signal, fatal.origin, fatal.sender?.pid],
        ['SIGTERM', 'kill', told.workload.pid],
      );
      return 'ok';
    },
    { admits: TRACER },
  ),
  stop(
    'a signal that a tracer puts in the place of another',
    'replaced',
    (told) => {
      const fatal = told.fatalOf(told.life(told.number('held')));
      assert.deepEqual(
        [fatal.signal, fatal.origin, fatal.sender?.pid, fatal.generated],
        ['SIGINT', 'ptrace', told.workload.pid, null],
      );
      return 'ok';
    },
    { admits: TRACER },
  ),
  stop(
    'a signal that a tracer lets in',
    'let-in',
    (told) => {
      const fatal = told.fatalOf(told.life(told.number('held')));
      assert.deepEqual(
        [fatal.signal, fatal.origin, fatal.sender?.pid],
        ['SIGUSR1', 'tgkill', fatal.target.pid],
      );
      return 'ok';
    },
    { admits: TRACER },
  ),
  stop(
    'a tracee that its tracer has let go',
    'detached',
    (told) => {
      const fatal = told.fatalOf(told.life(told.number('held')));
      assert.deepEqual([fatal.signal, fatal.origin], ['SIGTERM', 'kill']);
      return 'ok';
    },
    { admits: TRACER },
  ),
  stop(
    'a tracee that dies with its tracer',
    'exit-kill',
    (told) => {
      const child = told.life(told.number('held'));
      const fatal = told.fatalOf(child);
      assert.deepEqual([fatal.signal, fatal.sender?.pid], ['SIGKILL', child.fork?.by]);
      return 'ok';
    },
    { admits: TRACER },
  ),
  stop(
    'a program under strace',
    'under-strace',
    (told) => {
      const child = told.life(told.number('born'));
      const mother = told.life(Number(told.facts('born')[0]!['by']));
      assert.deepEqual([mother.exit?.kind, mother.exit?.code], ['exited', 3]);
      assert.deepEqual(
        [told.fatalOf(child).signal, told.fatalOf(child).sender?.pid],
        ['SIGTERM', mother.pid],
      );
      assert.equal(told.workload.comm, 'strace');
      assert.deepEqual([told.workload.exit?.kind, told.workload.exit?.code], ['exited', 3]);
      return 'ok';
    },
    { under: ['strace', '-f', '-o', '/dev/null'], admits: TRACER },
  ),
];
