import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ProcessRecord, Report, Stage } from '../../src/model/report';
import { parseMaps } from '../../src/readers/maps';
import { readLife } from './read-life';

const fixture = (name: string) => path.join(process.cwd(), 'test/fixtures', name);

describe('the published walk-through', () => {
  let report: Report;
  let stages: Stage[];
  let child: ProcessRecord;
  before(() => {
    const maps = parseMaps(readFileSync(fixture('walkthrough.maps'), 'utf8'));
    ({ report, stages } = readLife(fixture('walkthrough.txt'), [
      { kind: 'maps', pid: 5441, ts: 9990, maps },
    ]));
    child = report.processes.find(({ pid }) => pid === 5441)!;
  });

  it('is the life of two processes, the shell and its child', () => {
    assert.deepEqual(
      report.processes.map(({ id, comm, role, state }) => [id, comm, role, state]),
      [
        ['4994@9978.187414', 'bash', 'parent', 'running'],
        ['5441@9978.187638', 'a.out', 'descendant', 'reaped'],
      ],
    );
  });

  it('tells every stage, in order', () => {
    assert.deepEqual(
      stages.map(({ stage, pid }) => `${stage} ${pid}`),
      [
        'fork 5441',
        'exec 5441',
        'library 5441',
        'maps 5441',
        'signal-generated 5441',
        'signal-delivered 5441',
        'signal 5441',
        'exit 5441',
        'zombie 5441',
        'signal-generated 4994',
        'signal-delivered 4994',
        'signal 4994',
        'reap 5441',
      ],
    );
  });

  it('begins with the fork, with the call’s return on both sides', () => {
    assert.deepEqual(child.fork, {
      ts: 9978.187414,
      time: null,
      by: 4994,
      call: 'clone',
      flags: ['CLONE_CHILD_CLEARTID', 'CLONE_CHILD_SETTID'],
      parentReturn: 9978.187638,
      childReturn: 9978.187715,
    });
  });

  it('goes on with the exec', () => {
    assert.deepEqual(
      child.execs.map(({ ts, error, call }) => [ts, error, call]),
      [[9978.188246, null, 'execve']],
    );
  });

  it('loads libc, under the name that the probe saw, at the address that maps confirms', () => {
    assert.deepEqual(child.libraries, [
      {
        path: '/lib64/libc-2.26.so',
        opened: '/lib64/libc.so.6',
        ts: 9978.188365,
        base: 0x7fef041e8000,
        end: 0x7fef041e8000 + 0x3bb000,
        nameSource: 'maps',
        inMaps: true,
      },
    ]);
    assert.deepEqual(
      child.files.map((file) => [file.path, file.fd, file.nameSource]),
      [['/lib64/libc.so.6', 3, 'probe']],
    );
  });

  it('ends by the SIGKILL that bash sent with kill', () => {
    const killed = report.signals[child.signals[0]!]!;
    assert.deepEqual(
      [killed.signal, killed.origin, killed.result, killed.fatal],
      ['SIGKILL', 'kill', 'delivered', true],
    );
    assert.deepEqual([killed.sender?.pid, killed.sender?.comm, killed.sender?.inTree], [4994, 'bash', true]);
    assert.deepEqual(killed.generated?.stack.slice(0, 5), [
      '__send_signal',
      'do_send_sig_info',
      'kill_pid_info',
      'kill_something_info',
      '__x64_sys_kill',
    ]);
    assert.deepEqual(
      [killed.delivered?.ts, killed.delivered?.stack.slice(0, 2)],
      [9992.171045, ['get_signal', 'do_signal']],
    );
    assert.deepEqual(child.exit, {
      ts: 9992.171118,
      time: null,
      kind: 'signaled',
      code: null,
      signal: 'SIGKILL',
      coreDumped: false,
      root: null,
      cause: 'SIGKILL from bash (4994), __x64_sys_kill',
    });
  });

  it('tells its parent, which reaps it', () => {
    const told = report.signals[1]!;
    assert.deepEqual([told.signal, told.code, told.origin], ['SIGCHLD', 'CLD_KILLED', 'child']);
    assert.deepEqual(
      [told.target.pid, told.delivered?.ts, told.delivered?.handler],
      [4994, 9992.171125, '0x55f324e07ad0'],
    );
    assert.deepEqual(child.reap, {
      ts: 9992.171197,
      time: null,
      by: 4994,
      call: 'wait4',
      zombieFor: 0.000079,
    });
  });
});
