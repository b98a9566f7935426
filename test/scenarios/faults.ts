/** Faults of the program itself, and what the kernel ends it for. */
import assert from 'node:assert/strict';
import type { Scenario } from './scenario';

function fault(
  name: string,
  scene: string,
  holds: Scenario['holds'],
  more: Partial<Scenario> = {},
): Scenario {
  return { name, program: 'faults', scene, holds, ...more };
}

export const FAULTS: readonly Scenario[] = [
  fault('SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGTRAP with what the processor found', 'each', (told) => {
    assert.equal(told.facts('fault').length, 7);
    for (const { fault: code, of } of told.facts('fault')) {
      const life = told.life(Number(of));
      const record = told.fatalOf(life);
      const origin = code === 'SI_KERNEL' ? record.origin : 'fault';
      assert.deepEqual([record.code, record.origin, record.sender?.pid], [code, origin, of]);
      assert.ok(record.origin === 'fault' || record.origin === 'kernel');
      assert.equal(record.delivered?.handler, 'default');
      if (record.origin === 'fault' && code !== 'SI_KERNEL')
        assert.match(
          life.exit?.cause ?? '',
          new RegExp(`^${record.signal} \\(${String(code)}\\) for its own fault`),
        );
    }
    return 'ok';
  }),
  fault('a core dump, where core_pattern lets it come about', 'core', (told) => {
    const record = told.fatalOf(told.life(told.number('born')));
    assert.deepEqual([record.signal, record.code, record.origin], ['SIGSEGV', 'SEGV_MAPERR', 'fault']);
    return 'ok';
  }),
  fault('a fault that the program handles', 'handled', (told) => {
    const child = told.life(told.number('born'));
    const record = told.oneSignal(child, 'SIGSEGV');
    assert.match(record.delivered?.handler ?? '', /^0x/);
    assert.equal(record.fatal, false);
    assert.equal(child.exit?.cause, 'exit_group(21)');
    return 'ok';
  }),
  fault('a fault that the program ignores kills it all the same', 'ignored', (told) => {
    const record = told.fatalOf(told.life(told.number('born')));
    assert.deepEqual(
      [record.origin, record.result, record.delivered?.handler],
      ['fault', 'delivered', 'default'],
    );
    return 'ok';
  }),
  fault('SIGSEGV that somebody sent is no fault', 'sent', (told) => {
    const child = told.life(told.number('born'));
    const record = told.fatalOf(child);
    assert.deepEqual(
      [record.origin, record.code, record.sender?.pid],
      ['kill', 'SI_USER', told.workload.pid],
    );
    assert.match(child.exit?.cause ?? '', /^SIGSEGV from faults /);
    return 'ok';
  }),
  fault('SIGSYS of a seccomp filter that kills', 'seccomp-process', (told) => {
    const child = told.life(told.number('seccomp'));
    assert.match(child.exit?.cause ?? '', /^SIGSYS for a system call that seccomp forbids, /);
    // The filter ended the process itself, and sent nothing (kernel/seccomp.c, __seccomp_filter).
    if (told.isKernelBefore(5, 16)) {
      assert.deepEqual(told.signalsTo(child, 'SIGSYS'), []);
      return 'ok';
    }
    const record = told.fatalOf(child);
    assert.deepEqual([record.signal, record.origin, record.sender?.pid], ['SIGSYS', 'seccomp', child.pid]);
    return 'ok';
  }),
  fault('SIGSYS of a seccomp filter that traps', 'seccomp-trap', (told) => {
    const record = told.fatalOf(told.life(told.number('seccomp')));
    assert.deepEqual([record.signal, record.origin, record.code], ['SIGSYS', 'seccomp', 'SYS_SECCOMP']);
    return 'ok';
  }),
  fault('the strict mode of seccomp, whose SIGKILL nobody sends', 'seccomp-strict', (told) => {
    const child = told.life(told.number('seccomp'));
    assert.match(child.exit?.cause ?? '', /^SIGKILL for a system call that seccomp forbids, /);
    return 'ok';
  }),
  fault('the out-of-memory killer', 'out-of-memory', (told) => {
    const child = told.life(told.number('born'));
    const record = told.fatalOf(child);
    assert.deepEqual([record.signal, record.origin, record.code], ['SIGKILL', 'oom', 'SI_KERNEL']);
    assert.match(child.exit?.cause ?? '', /^SIGKILL from the OOM killer, /);
    return 'ok';
  }),
  fault('cgroup.kill: SIGKILL from whoever wrote the file', 'cgroup-kill', (told) => {
    const child = told.life(told.number('born'));
    const record = told.fatalOf(child);
    assert.deepEqual(
      [record.signal, record.origin, record.sender?.pid],
      ['SIGKILL', 'cgroup', told.workload.pid],
    );
    return 'ok';
  }),
];
