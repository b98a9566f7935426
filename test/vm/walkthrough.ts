/** The walk-through on any kernel: a program that only spins, run by `ftrace-life record`, and `kill -9`. */
import assert from 'node:assert/strict';
import type { Report, SignalRecord } from '../../src/model/report';
import type { Verdict } from '../scenarios/scenario';

export const WALK_THROUGH = {
  id: 'walk-through',
  name: 'the walk-through: a spinning program, its libc, kill -9, SIGCHLD and the reaping',
} as const;

/**
 * What `ftrace-life` is called with. It reads /proc/PID/maps as soon as it hears of a mapping; an emulated processor
 * needs seconds for that, and the program has to live until then.
 */
export function walkThroughArguments(capture: string, program: string): string[] {
  return [
    'record',
    '--events',
    'all',
    '--kill',
    'SIGKILL@8',
    '-o',
    capture,
    '--format',
    'json',
    '--',
    program,
  ];
}

function oneSignal(report: Report, signal: string, target: number): SignalRecord {
  const found = report.signals.filter((record) => record.signal === signal && record.target.tgid === target);
  assert.equal(found.length, 1, `${signal} to ${target}: ${JSON.stringify(found)}`);
  return found[0]!;
}

/** @throws AssertionError where the report tells an untruth */
export function walkThroughIsTrue(report: Report): Verdict {
  assert.deepEqual([report.trace.lost, report.trace.unexplained], [0, 0]);
  const life = report.processes.find(({ role }) => role === 'workload');
  const parent = report.processes.find(({ role }) => role === 'parent');
  assert.ok(life && parent, 'the command and the traced parent');

  assert.deepEqual([life.parent, life.fork?.by], [parent.id, parent.pid]);
  assert.ok(life.fork!.childReturn !== null && life.fork!.parentReturn !== null);
  assert.match(life.execs.filter(({ error }) => error === null).at(-1)?.path ?? '', /\/a\.out$/);
  const libc = life.libraries.find((library) => /\/libc[.-]/.test(library.path ?? ''));
  assert.ok(libc && libc.base > 0 && libc.end > libc.base, JSON.stringify(life.libraries));
  assert.equal(libc.inMaps, true, 'where /proc/PID/maps has it');

  const kill = oneSignal(report, 'SIGKILL', life.pid);
  assert.deepEqual(
    [kill.origin, kill.code, kill.result, kill.fatal, kill.sender?.pid, kill.sender?.inTree],
    ['kill', 'SI_USER', 'delivered', true, parent.pid, true],
  );
  assert.ok(kill.generated?.stack.includes('__x64_sys_kill'), JSON.stringify(kill.generated));
  assert.ok(kill.delivered && kill.generated && kill.delivered.ts >= kill.generated.ts);
  const child = oneSignal(report, 'SIGCHLD', parent.pid);
  assert.deepEqual([child.code, child.sender?.pid], ['CLD_KILLED', life.pid]);

  assert.deepEqual([life.exit?.kind, life.exit?.code, life.exit?.signal], ['signaled', null, 'SIGKILL']);
  assert.match(life.exit?.cause ?? '', new RegExp(`^SIGKILL from \\S+ \\(${parent.pid}\\), __x64_sys_kill$`));
  assert.deepEqual([life.reap?.by, life.state], [parent.pid, 'reaped']);
  assert.ok(life.exit!.ts >= kill.delivered.ts && life.reap!.ts >= life.exit!.ts);
  return 'ok';
}
