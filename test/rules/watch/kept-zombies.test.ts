import assert from 'node:assert/strict';
import type { Alert, SignalTarget } from '../../../src/model/report';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { AlertWatch, type Judgement } from '../../../src/rules/watch/alert-watch';
import { signalRecord } from '../signal-records';

const NODE: SignalTarget = { id: '10@1.5', comm: 'node', path: '/usr/bin/node', ancestors: [] };

function child(pid: number, parent = 10): SignalTarget {
  return { id: `${pid}@2.5`, comm: 'sleep', path: null, ancestors: [{ pid: parent, comm: 'sh' }] };
}

/** What a watch says of zombies while `steps` go on. */
function said(steps: (watch: AlertWatch) => Judgement[][], rules: unknown = []): string[] {
  const watch = new AlertWatch(readRuleSet(rules), { intervalSeconds: 0 });
  return steps(watch)
    .flat()
    .flatMap((each): Alert[] => (each.kind === 'alert' ? [each.alert] : []))
    .map(({ severity, rule, text }) => `${severity} ${rule}: ${text.replace(/\. .*$/, '')}`);
}

/** A child dies, and the waiter is notified. */
function dies(watch: AlertWatch, ts: number, target: SignalTarget, waiter = NODE): Judgement[] {
  const pid = Number.parseInt(target.id, 10);
  const told = signalRecord({
    signal: 'SIGCHLD',
    number: 17,
    origin: 'child',
    code: 'CLD_EXITED',
    ts,
    fatal: false,
    result: 'ignored',
    delivered: null,
    sender: { pid, tgid: pid, comm: 'sleep', inTree: true, irq: false },
    target: { pid: 10, tgid: 10, comm: 'node' },
  });
  return [...watch.zombie(target, ts, null), ...watch.settled(told, waiter, ts)];
}

describe('zombies that are kept', () => {
  it('are one alert on the parent that does not wait, with their count', () => {
    assert.deepEqual(
      said((watch) => [
        dies(watch, 100, child(20)),
        dies(watch, 101, child(21)),
        dies(watch, 102, child(22)),
        watch.tick(120),
      ]),
      ['warning default:zombie: 3 zombies of node (10), which does not wait for them, for up to 5 s'],
    );
  });

  it('are one alert on the first process of a container that ended without having waited', () => {
    assert.deepEqual(
      said((watch) => [
        dies(watch, 100, child(20, 15)),
        dies(watch, 100.5, child(21, 16)),
        watch.gone('20@2.5', 102.2, false),
        watch.gone('21@2.5', 102.2, false),
        watch.end(103),
      ]),
      [
        'warning default:zombie: 2 zombies of node (10), which had adopted them and did not wait for them, for up to 2.2 s',
      ],
    );
  });

  const silent: [what: string, steps: (watch: AlertWatch) => Judgement[][], rules?: unknown][] = [
    [
      'a child that is waited for in time',
      (watch) => [dies(watch, 100, child(20)), watch.gone('20@2.5', 104, true), watch.end(200)],
    ],
    [
      'what a parent leaves to init when it ends itself',
      (watch) => [dies(watch, 100, child(20)), watch.gone('20@2.5', 103, false), watch.end(200)],
    ],
    [
      'an orphan that goes at once',
      (watch) => [dies(watch, 100, child(20, 15)), watch.gone('20@2.5', 100.2, false), watch.end(200)],
    ],
    [
      'a zombie of which nobody in the trace is notified',
      (watch) => [watch.zombie(child(20), 100, null), watch.end(200)],
    ],
    [
      'the traced parent',
      (watch) => [dies(watch, 100, child(20), { ...NODE, role: 'parent' }), watch.end(200)],
    ],
    [
      'a time of which events were lost',
      (watch) => [
        dies(watch, 100, child(20)),
        watch.lost({ cpu: 0, ts: 101, count: 1, processes: 0 }, 101, null).slice(1),
        watch.tick(200),
      ],
    ],
  ];
  for (const [what, steps] of silent) {
    it(`are not ${what}`, () => {
      assert.deepEqual(
        said(steps).filter((text) => !text.includes('events-lost')),
        [],
      );
    });
  }

  it('are left to a rule on zombies that is about them', () => {
    const rules = [{ name: 'mine', on: 'zombie', olderThan: 30, verdict: 'attention' }];
    assert.deepEqual(
      said((watch) => [dies(watch, 100, child(20)), watch.tick(120)], rules),
      [],
    );
    assert.match(
      said((watch) => [dies(watch, 100, child(20)), watch.tick(140)], rules).join(),
      /^warning mine: sleep \(20\) has been a zombie for 30 s/,
    );
  });
});
