import assert from 'node:assert/strict';
import type { ProcessRecord, Report, SignalRecord } from '../../../src/model/report';
import { alertsOf } from '../../../src/rules/watch/report-alerts';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { WALKTHROUGH } from '../../export/walkthrough-report';
import { NO_RULES } from '../signal-records';

describe('the alerts of a report', () => {
  it('are one for the walk-through: the kill, and not the SIGCHLD', () => {
    const alerts = alertsOf(WALKTHROUGH, NO_RULES);
    assert.deepEqual(
      alerts.map(({ severity, rule, count, signal, process }) => ({
        severity,
        rule,
        count,
        signal,
        process,
      })),
      [
        {
          severity: 'error',
          rule: 'default:killed-by-parent',
          count: 1,
          signal: WALKTHROUGH.signals[0],
          process: {
            id: '5441@9978.187414',
            comm: 'a.out',
            path: './a.out',
            ancestors: [{ pid: 4994, comm: 'bash' }],
            role: 'workload',
          },
        },
      ],
    );
  });

  it('are none where a rule expects the kill', () => {
    const rules = readRuleSet([
      {
        name: 'the test ends its workload',
        when: { signal: 'SIGKILL', sender: { isParent: true } },
        verdict: 'expected',
      },
    ]);
    assert.deepEqual(alertsOf(WALKTHROUGH, rules), []);
  });

  it('name the program of the parent for a child that has not called exec yet', () => {
    const rules = readRuleSet([{ name: 'all', when: {}, verdict: 'unexpected' }]);
    const [bash, aOut] = WALKTHROUGH.processes as [ProcessRecord, ProcessRecord];
    const exec = { ...aOut.execs[0]!, ts: 9000, path: '/bin/bash' };
    const kill = WALKTHROUGH.signals[0]!;
    const early = { ...kill, ts: 9978.1877, delivered: { ...kill.delivered!, ts: 9978.1878 } };
    const report = {
      ...WALKTHROUGH,
      signals: [early],
      processes: [{ ...bash, execs: [exec], signals: [] }, aOut],
    };
    assert.deepEqual(
      alertsOf(report, rules).map(({ process }) => [process?.comm, process?.path]),
      [['bash', '/bin/bash']],
    );
  });

  it('count what repeats, in the order of time', () => {
    const signals = [30, 10, 20, 0].map((after): SignalRecord => ({
      ...WALKTHROUGH.signals[0]!,
      ts: 9980 + after,
      delivered: { ...WALKTHROUGH.signals[0]!.delivered!, ts: 9980 + after },
      fatal: false,
      signal: 'SIGUSR1',
      number: 10,
    }));
    const aOut = { ...WALKTHROUGH.processes[1]!, signals: [0, 1, 2, 3] };
    const rules = readRuleSet([{ name: 'no USR1', when: { signal: 'SIGUSR1' }, verdict: 'unexpected' }]);
    const alerts = alertsOf({ ...WALKTHROUGH, processes: [WALKTHROUGH.processes[0]!, aOut], signals }, rules);
    assert.deepEqual(
      alerts.map(({ count, first, last }) => [count, first, last]),
      [
        [1, 9980, 9980],
        [3, 9990, 10010],
      ],
    );
  });

  it('count a process that nobody had to wait for as reaped when it ended', () => {
    const rules = readRuleSet([
      { name: 'R', when: { fatal: true }, without: { stage: 'reap', within: 0.01 }, verdict: 'attention' },
    ]);
    const [bash, aOut] = WALKTHROUGH.processes as [ProcessRecord, ProcessRecord];
    const namesIn = (state: ProcessRecord['state']): string[] => {
      const processes = [bash, { ...aOut, state, reap: null }];
      const trace = { ...WALKTHROUGH.trace, end: 20_000 };
      return alertsOf({ ...WALKTHROUGH, trace, processes }, rules).map(({ rule }) => rule);
    };
    assert.deepEqual(namesIn('autoreaped').includes('R'), false);
    assert.deepEqual(namesIn('zombie').includes('R'), true);
  });

  it('survive processes that are each other’s parents', () => {
    const circle: Report = {
      ...WALKTHROUGH,
      processes: WALKTHROUGH.processes.map((process, index, all) => ({
        ...process,
        parent: all[1 - index]!.id,
      })),
    };
    assert.equal(alertsOf(circle, NO_RULES).length, 1);
  });
});
