import assert from 'node:assert/strict';
import type { Alert, SignalRecord, SignalTarget } from '../../../src/model/report';
import { AlertWatch, type AlertWatchOptions, type Judgement } from '../../../src/rules/watch/alert-watch';
import type { KnownEnd } from '../../../src/rules/watch/fates';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { undecidedRemarks } from '../../../src/rules/watch/watch-counters';
import { A_OUT, HANDLED, signalRecord } from '../signal-records';

const TERM: Partial<SignalRecord> = { ...HANDLED, signal: 'SIGTERM', number: 15 };
const KILL: Partial<SignalRecord> = { signal: 'SIGKILL', number: 9 };
const CHLD: Partial<SignalRecord> = {
  ...HANDLED,
  signal: 'SIGCHLD',
  number: 17,
  code: 'CLD_EXITED',
  origin: 'child',
};

/** A signal of which it is known at once what became. */
function at(ts: number, changes: Partial<SignalRecord>): SignalRecord {
  const record = signalRecord({ ...changes, ts, generated: { ts, stack: [] } });
  return record.delivered ? { ...record, delivered: { ...record.delivered, ts } } : record;
}

/** Of a process whose end only counts by its time. */
function ended(ts: number, coreDumped: boolean | null): KnownEnd {
  return { ts, time: null, kind: 'signaled', code: null, signal: null, coreDumped, root: null };
}

/** Tells a watch what happens, and keeps what it says. */
class Told {
  readonly watch: AlertWatch;
  readonly judgements: Judgement[] = [];

  constructor(rules: unknown, options: AlertWatchOptions = {}) {
    this.watch = new AlertWatch(readRuleSet(rules), options);
  }

  readonly took = (judgements: readonly Judgement[]): this => {
    this.judgements.push(...judgements);
    return this;
  };

  sent(signal: SignalRecord, target: SignalTarget = A_OUT): this {
    return this.took(this.watch.sent(signal, target));
  }

  settled(signal: SignalRecord, ts = signal.ts, target: SignalTarget = A_OUT): this {
    return this.took(this.watch.settled(signal, target, ts));
  }

  /** Sent, and decided at once. */
  signal(signal: SignalRecord, target: SignalTarget = A_OUT): this {
    return this.sent(signal, target).settled(signal, signal.delivered?.ts ?? signal.ts, target);
  }

  tick(ts: number): this {
    return this.took(this.watch.tick(ts));
  }

  end(ts: number): this {
    return this.took(this.watch.end(ts));
  }

  get alerts(): Alert[] {
    return this.judgements.flatMap((each) => (each.kind === 'alert' ? [each.alert] : []));
  }

  /** `rule xCOUNT FIRST-LAST` of each. */
  get said(): string[] {
    return this.alerts.map(({ rule, count, first, last }) => `${rule} x${count} ${first}-${last}`);
  }
}

const ESCALATION = {
  name: 'escalation',
  when: { signal: 'KILL' },
  after: { when: { signal: 'TERM' }, within: 10 },
  verdict: 'attention',
};

describe('a sequence of signals', () => {
  it('is reported with the signal before it', () => {
    const told = new Told([ESCALATION]).signal(at(100, TERM)).signal(at(103, KILL));
    assert.deepEqual(told.said, ['escalation x1 103-103']);
    assert.deepEqual(
      told.alerts[0]?.earlier.map(({ signal, ts }) => [signal, ts]),
      [['SIGTERM', 100]],
    );
    assert.match(
      told.alerts[0].text,
      /^3 s after SIGTERM from bash \(4994\), a\.out \(5441\) was killed \(SIGKILL\) by its parent, bash \(4994\)\. /,
    );
  });

  const others: [what: string, tell: (told: Told) => void][] = [
    ['the first is too old', (told) => told.signal(at(92, TERM)).signal(at(103, KILL))],
    ['the first comes later', (told) => told.signal(at(103, KILL)).signal(at(103.5, TERM))],
    ['there is no first', (told) => told.signal(at(103, KILL))],
    [
      'the first went to another process',
      (told) => told.signal(at(100, TERM), { ...A_OUT, id: '1@1' }).signal(at(103, KILL)),
    ],
  ];
  for (const [what, tell] of others) {
    it(`is none where ${what}`, () => {
      const told = new Told([ESCALATION]);
      tell(told);
      assert.deepEqual(
        told.said.filter((each) => each.startsWith('escalation')),
        [],
      );
    });
  }

  it('is seen where the first waited and was settled after the second', () => {
    const pending = at(100, { ...TERM, result: 'pending', delivered: null });
    const told = new Told([ESCALATION]).sent(pending).signal(at(103, KILL)).settled(pending, 103.1);
    assert.ok(told.said.includes('escalation x1 103-103'));
  });

  it('knows of what waits only that it waits', () => {
    const rule = { ...ESCALATION, after: { when: { signal: 'TERM', handled: true }, within: 10 } };
    // The record says already what came later.
    const later = at(100, TERM);
    const told = new Told([rule]).sent(later).signal(at(103, KILL)).settled(later, 103.1);
    assert.ok(!told.said.some((each) => each.startsWith('escalation')));
  });

  it('is not reported twice of one signal that is its own first', () => {
    const twice = { ...ESCALATION, when: { signal: 'TERM' } };
    const told = new Told([twice]).signal(at(100, TERM)).signal(at(101, TERM));
    assert.deepEqual(told.said, ['escalation x1 101-101']);
  });
});

const NO_EXIT = {
  name: 'no exit',
  when: { signal: 'TERM' },
  without: { stage: 'exit', within: 5 },
  verdict: 'attention',
};

describe('an absence', () => {
  it('is raised when its time has passed, for the signal after which something should have come', () => {
    const told = new Told([NO_EXIT]).signal(at(100, TERM)).tick(105.9);
    assert.deepEqual(told.said, []);
    told.tick(106);
    assert.deepEqual(told.said, ['no exit x1 100-105']);
    assert.match(
      told.alerts[0]!.text,
      /^a\.out \(5441\) did not exit within 5 s after SIGTERM from bash \(4994\)\. /,
    );
  });

  const came: [what: string, rule: object, tell: (told: Told) => void][] = [
    ['the exit', NO_EXIT, (told) => told.took(told.watch.exited(A_OUT.id, ended(104.9, false)))],
    [
      'an exit that is reported late',
      NO_EXIT,
      (told) => told.tick(105.5).took(told.watch.exited(A_OUT.id, ended(105, false))),
    ],
    [
      'the reaping',
      { ...NO_EXIT, without: { stage: 'reap', within: 5 } },
      (told) => told.took(told.watch.gone(A_OUT.id, 102)),
    ],
    [
      'the stop',
      { ...NO_EXIT, without: { stage: 'stop', within: 5 } },
      (told) => told.signal(at(101, { signal: 'SIGSTOP', number: 19, fatal: false })),
    ],
    [
      'SIGCONT, though it is ignored',
      { ...NO_EXIT, without: { stage: 'continue', within: 5 } },
      (told) =>
        told.signal(
          at(101, { signal: 'SIGCONT', number: 18, fatal: false, result: 'ignored', delivered: null }),
        ),
    ],
    [
      'the signal that is awaited',
      { ...NO_EXIT, without: { when: { signal: 'USR1' }, within: 5 } },
      (told) => told.signal(at(101, { ...HANDLED, signal: 'SIGUSR1', number: 10 })),
    ],
    [
      'a signal that is awaited, and waits',
      { ...NO_EXIT, without: { when: { signal: 'USR1' }, within: 5 } },
      (told) =>
        told.sent(
          at(101, { signal: 'SIGUSR1', number: 10, fatal: false, result: 'pending', delivered: null }),
        ),
    ],
  ];
  for (const [what, rule, tell] of came) {
    it(`is none after ${what}`, () => {
      const told = new Told([rule]).signal(at(100, TERM));
      tell(told);
      told.end(200);
      assert.deepEqual(
        told.said.filter((each) => each.startsWith('no exit')),
        [],
      );
      assert.deepEqual(undecidedRemarks(told.watch.tallies), []);
    });
  }

  it('is raised for a signal that waits for longer', () => {
    const pending = at(100, { ...TERM, result: 'pending', delivered: null });
    const told = new Told([NO_EXIT]).sent(pending).tick(107);
    assert.deepEqual(told.said, ['no exit x1 100-105']);
    told.settled(pending, 300).end(301);
    assert.equal(told.said.filter((each) => each.startsWith('no exit')).length, 1);
  });

  it('is none of a signal that waited until its target’s end, whichever is reported first', () => {
    const pending = at(100, { ...TERM, result: 'pending', delivered: null });
    for (const isKnown of [true, false]) {
      const told = new Told([NO_EXIT]);
      if (isKnown) told.sent(pending);
      told
        .took(told.watch.exited(A_OUT.id, ended(101, false)))
        .settled(pending, 101)
        .end(300);
      assert.deepEqual(
        told.said.filter((each) => each.startsWith('no exit')),
        [],
      );
    }
  });

  it('is decided when a signal is settled, where the rule asks what became of it', () => {
    const rule = { ...NO_EXIT, when: { signal: 'TERM', handled: true } };
    const late = { ...at(100, TERM), delivered: { ts: 110, tid: 5441, handler: '0x1', stack: [] } };
    const told = new Told([rule]).sent(late).tick(109);
    assert.deepEqual(told.said, []);
    told.settled(late, 110);
    assert.deepEqual(told.said, ['no exit x1 100-105']);
  });

  it('is undecided where the trace ends before its time has passed, and counted', () => {
    const told = new Told([NO_EXIT]).signal(at(100, TERM)).end(104.9);
    assert.deepEqual(told.said, []);
    assert.equal(told.watch.tallies.undecidedAtEnd, 1);
    assert.match(undecidedRemarks(told.watch.tallies)[0]!, /^1 undecided: the trace ended/);
  });

  it('is reported at the end of a trace that went on for long enough', () => {
    assert.deepEqual(new Told([NO_EXIT]).signal(at(100, TERM)).end(105).said, ['no exit x1 100-105']);
  });

  it('is undecided where events were lost meanwhile, and counted', () => {
    const told = new Told([NO_EXIT]).signal(at(100, TERM));
    told.took(told.watch.lost({ cpu: 0, ts: 102, count: 7 }, 102, null)).end(200);
    assert.deepEqual(told.said, ['default:events-lost x1 102-102']);
    assert.equal(told.watch.tallies.undecidedByLoss, 1);
  });

  it('is decided where events were lost and what was awaited came', () => {
    const told = new Told([NO_EXIT]).signal(at(100, TERM));
    told.took(told.watch.lost({ cpu: 0, ts: 102, count: 7 }, 102, null));
    told.took(told.watch.exited(A_OUT.id, ended(103, false))).end(200);
    assert.equal(told.watch.tallies.undecidedByLoss, 0);
  });

  const MINE = { name: 'mine', when: { signal: 'TERM' }, verdict: 'expected' };
  const WAITING = at(100, { ...TERM, result: 'pending', delivered: null });

  it('is nobody’s where an earlier rule decides, also of a signal that waits for longer', () => {
    const told = new Told([MINE, NO_EXIT]).sent(WAITING).tick(110).settled(at(100, TERM), 110).end(200);
    assert.deepEqual(told.said, []);
  });

  it('is reported of a signal that waits where the earlier rule turns out not to fit', () => {
    const pending = { ...MINE, when: { signal: 'TERM', fatal: false, handled: false } };
    const told = new Told([pending, NO_EXIT]).sent(WAITING).tick(110);
    assert.deepEqual(told.said, []);
    assert.deepEqual(told.settled(at(100, TERM), 110).said, ['no exit x1 100-105']);
  });

  it('is raised beside what a later rule says, and beside an earlier one where all count', () => {
    const bad = { ...MINE, verdict: 'unexpected' };
    for (const set of [[NO_EXIT, bad], { match: 'all', rules: [bad, NO_EXIT] }]) {
      const told = new Told(set).sent(WAITING).tick(110).settled(at(100, TERM), 110).end(200);
      assert.deepEqual(told.said, ['no exit x1 100-105', 'mine x1 100-100']);
    }
  });

  it('is not decided by a time that is none', () => {
    for (const none of [NaN, Infinity]) {
      const told = new Told([NO_EXIT]).signal(at(100, TERM)).tick(none);
      told.took(told.watch.exited(A_OUT.id, ended(101, false))).end(200);
      assert.ok(!told.said.some((each) => each.startsWith('no exit')));
      assert.deepEqual(undecidedRemarks(told.watch.tallies), []);
      const other = new Told([NO_EXIT]).tick(none).signal(at(100, TERM)).tick(106);
      assert.deepEqual(other.said, ['no exit x1 100-105']);
    }
  });

  it('is nobody’s where an earlier rule decides', () => {
    const mine = { name: 'mine', when: { signal: 'TERM' }, verdict: 'expected' };
    assert.deepEqual(new Told([mine, NO_EXIT]).signal(at(100, TERM)).end(200).said, []);
  });
});

const MANY = {
  name: 'many',
  when: { signal: 'CHLD' },
  times: { atLeast: 3, within: 10, per: ['target.comm'] },
  verdict: 'attention',
};

describe('a count in a window', () => {
  it('is reported once when there are enough, and then as repeats', () => {
    const told = new Told([MANY]);
    for (const ts of [100, 101]) told.signal(at(ts, CHLD));
    assert.deepEqual(told.said, []);
    for (const ts of [102, 103, 104]) told.signal(at(ts, CHLD));
    assert.deepEqual(told.said, ['many x3 100-102']);
    assert.match(told.alerts[0]!.text, /^3 times in 2 s, the last: /);
    assert.deepEqual(
      told.alerts[0]!.earlier.map(({ ts }) => ts),
      [100, 101],
    );
    assert.deepEqual(told.end(105).said.slice(1), ['many x2 103-104']);
  });

  it('slides: as many in a longer time are not enough', () => {
    const told = new Told([MANY]);
    for (let ts = 100; ts < 200; ts += 5.1) told.signal(at(ts, CHLD));
    assert.deepEqual(told.end(200).said, []);
  });

  it('begins anew after a calm', () => {
    const told = new Told([MANY], { intervalSeconds: 1 });
    for (const ts of [100, 101, 102, 150, 151, 152]) told.signal(at(ts, CHLD));
    assert.deepEqual(told.said, ['many x3 100-102', 'many x3 150-152']);
  });

  it('is kept apart by the fields that it is counted per', () => {
    const told = new Told([MANY]);
    for (const ts of [100, 101, 102]) told.signal(at(ts, CHLD), { ...A_OUT, comm: `c${ts}` });
    assert.deepEqual(told.said, []);
  });

  it('counts by the times at which they were sent, in whichever order they are settled', () => {
    const told = new Told([MANY]);
    for (const ts of [102, 100, 101]) told.settled(at(ts, CHLD), 103);
    assert.deepEqual(told.said, ['many x3 100-102']);
  });

  it('finds those that were settled long after others', () => {
    const told = new Told([MANY]).signal(at(50, CHLD));
    for (const ts of [1, 1.1, 1.2]) told.settled(at(ts, CHLD), 51);
    assert.deepEqual(told.said, ['many x3 1-1.2']);
    assert.deepEqual(
      told.alerts[0]!.earlier.map(({ ts }) => ts),
      [1, 1.1],
    );
  });

  it('counts each signal once, also where it falls below and comes back', () => {
    const told = new Told([MANY], { intervalSeconds: 0 });
    for (const ts of [100, 101, 102, 111, 113, 114]) told.signal(at(ts, CHLD));
    assert.deepEqual(told.said, ['many x3 100-102', 'many x1 111-111', 'many x2 113-114']);
  });

  const EXCEPTED = {
    ...MANY,
    except: [{ sender: { comm: 'backup' }, reason: 'backup' }],
  };
  const BACKUP = { pid: 7, comm: 'backup', inTree: false, irq: false };

  it('leaves out what is excepted, which its exception passes', () => {
    const told = new Told([EXCEPTED], { intervalSeconds: 0 });
    for (const ts of [100, 101]) told.signal(at(ts, CHLD));
    told.signal(at(102, { ...CHLD, sender: BACKUP }));
    assert.deepEqual(
      told.judgements.slice(-1).map((each) => each.kind === 'passed' && each.verdict.rule),
      ['many (except: backup)'],
    );
    assert.deepEqual(told.said, []);
    for (const ts of [103, 104]) told.signal(at(ts, CHLD));
    assert.deepEqual(told.said, ['many x3 100-103', 'many x1 104-104']);
  });

  it('is not reported on incomplete evidence, and from then on only when the window has passed the gap', () => {
    const told = new Told([{ ...MANY, requires: 'complete' }], { intervalSeconds: 0 });
    for (const ts of [100, 101]) told.signal(at(ts, CHLD));
    told.took(told.watch.lost({ ts: 101.5, count: 5, cpu: 0 }, 101.5, null));
    for (const ts of [102, 103, 104]) told.signal(at(ts, CHLD));
    assert.deepEqual(
      told.said.filter((each) => each.startsWith('many')),
      ['many x3 102-104'],
    );
    assert.deepEqual([told.alerts.at(-1)!.incomplete, told.watch.tallies.incomplete], [[], 2]);
  });

  it('names the gaps of the whole window with a repeat', () => {
    const told = new Told([MANY], { intervalSeconds: 0 });
    for (const ts of [100, 101, 102]) told.signal(at(ts, CHLD));
    told.took(told.watch.lost({ ts: 102.5, count: 5, cpu: 0 }, 102.5, null));
    told.signal(at(103, CHLD));
    assert.deepEqual(told.alerts.at(-1)!.incomplete, ['5 events lost on CPU 0 before 102.500000']);
  });

  it('counts records that come alone by their process', () => {
    const told = new Told([{ ...MANY, times: { atLeast: 3, within: 10 } }]);
    const alone = (ts: number, pid: number) =>
      told.took(told.watch.record(at(ts, { ...CHLD, target: { pid, tgid: pid, comm: 'p' } })));
    for (const pid of [101, 102, 103]) alone(100, pid);
    assert.deepEqual(told.said, []);
    for (const ts of [101, 102]) alone(ts, 101);
    assert.deepEqual(told.said, ['many x3 100-102']);
  });

  it('gives up without a word what its window has passed', () => {
    const told = new Told([MANY]);
    for (let nth = 0; nth < 10_050; nth++) {
      told.settled(at(100 + nth * 11, CHLD), undefined, { ...A_OUT, comm: `c${nth}` });
    }
    assert.equal(told.watch.tallies.leftOut, 0);
  });

  it('still counts after so many that most had to be forgotten', () => {
    const told = new Told([MANY]);
    for (let nth = 0; nth < 5_000; nth++) told.signal(at(100 + nth * 6, CHLD));
    assert.deepEqual(told.said, []);
    for (const ts of [1, 2, 3]) told.settled(at(ts, CHLD), 30_200);
    assert.deepEqual(told.said, ['many x3 1-3']);
  });
});

const ZOMBIES = { name: 'zombie', on: 'zombie', when: {}, olderThan: 30, verdict: 'attention' };

describe('a zombie', () => {
  it('is reported when it has been one for too long', () => {
    const told = new Told([ZOMBIES]);
    told.took(told.watch.zombie(A_OUT, 100, '2026-01-01T00:00:00.000000Z')).tick(131);
    assert.deepEqual(told.said, ['zombie x1 100-130']);
    const [{ text, about, time, process, signal }] = told.alerts as [Alert];
    assert.match(
      text,
      /^a\.out \(5441\) has been a zombie for 30 s: its parent, bash \(4994\), has not waited for it\. /,
    );
    assert.deepEqual(
      [about, time, process?.id, signal],
      ['zombie', '2026-01-01T00:00:30.000000Z', A_OUT.id, null],
    );
  });

  it('is not reported where it was reaped in time, or the trace ended', () => {
    const reaped = new Told([ZOMBIES]);
    reaped
      .took(reaped.watch.zombie(A_OUT, 100, null))
      .took(reaped.watch.gone(A_OUT.id, 130))
      .end(200);
    assert.deepEqual(reaped.said, []);
    const ended = new Told([ZOMBIES]);
    ended.took(ended.watch.zombie(A_OUT, 100, null)).end(129);
    assert.deepEqual(ended.said, []);
    assert.equal(ended.watch.tallies.undecidedAtEnd, 1);
  });

  it('is undecided where events were lost since', () => {
    const told = new Told([ZOMBIES]);
    told.took(told.watch.zombie(A_OUT, 100, null));
    told.took(told.watch.lost({ cpu: 1, ts: 110, count: null }, 110, null)).end(200);
    assert.deepEqual(told.said, ['default:events-lost x1 110-110']);
    assert.equal(told.watch.tallies.undecidedByLoss, 1);
  });

  it('is of one rule, the first that matches, unless all do', () => {
    const rules = [ZOMBIES, { ...ZOMBIES, name: 'older', olderThan: 60, severity: 'error' }];
    for (const [match, expected] of [
      ['first', ['zombie']],
      ['all', ['zombie', 'older']],
    ] as const) {
      const told = new Told({ match, rules });
      told.took(told.watch.zombie(A_OUT, 100, null)).end(200);
      assert.deepEqual(
        told.alerts.map(({ rule }) => rule),
        expected,
      );
    }
  });
});

describe('lost events', () => {
  const lose = (told: Told, count: number | null, processes?: number, ts = 100) =>
    told.took(
      told.watch.lost({ cpu: 1, ts, count, ...(processes !== undefined && { processes }) }, ts, null),
    );

  it('are a notice, and an error where a process that is followed lost a part of its life', () => {
    const [notice] = lose(new Told([]), 7, 0).alerts;
    const [error] = lose(new Told([]), 7, 2).alerts;
    assert.deepEqual(
      [notice, error].map((alert) => [alert?.severity, alert?.rule, alert?.about, alert?.process]),
      [
        ['notice', 'default:events-lost', 'loss', null],
        ['error', 'default:events-lost', 'loss', null],
      ],
    );
    assert.match(error!.text, /^7 events lost on CPU 1 before 100\.000000: .* 2 processes /);
  });

  it('are reported by a rule when so many are lost in all', () => {
    const rule = {
      name: 'loss',
      on: 'loss',
      when: {},
      atLeast: 10,
      verdict: 'attention',
      severity: 'critical',
    };
    const told = new Told([rule], { minSeverity: 'critical' });
    lose(lose(told, 6), 3);
    assert.deepEqual(told.said, []);
    lose(told, 1);
    lose(told, null);
    assert.deepEqual(
      told.alerts.map(({ rule: name }) => name),
      ['loss', 'loss'],
    );
    assert.match(told.alerts[0]!.text, /^10 events lost in 3 gaps, the last on CPU 1 before 100\.000000: /);
    assert.match(told.alerts[1]!.text, /^an unknown number of events lost on CPU 1 before 100\.000000: /);
  });

  it('have each an id of its own, also where several CPUs lose some at one moment', () => {
    const told = new Told([], { intervalSeconds: 0 });
    for (const [cpu, count] of [
      [0, 5],
      [1, 5],
      [1, 9],
      [1, null],
    ] as const) {
      told.took(told.watch.lost({ cpu, ts: 100, count }, 100, null));
    }
    assert.equal(new Set(told.alerts.map(({ id }) => id)).size, 4);
  });

  it('are beside what is said of the time in which they were', () => {
    const told = lose(new Told([ESCALATION]).signal(at(98, TERM)), 7).signal(at(103, KILL));
    const alert = told.alerts.find(({ rule }) => rule === 'escalation');
    assert.deepEqual(alert?.incomplete, ['7 events lost on CPU 1 before 100.000000']);
  });

  it('keep a rule that requires complete evidence from firing, and that is counted', () => {
    const told = lose(new Told([{ ...ESCALATION, requires: 'complete' }]).signal(at(98, TERM)), 7);
    told.signal(at(103, KILL));
    assert.ok(!told.said.some((each) => each.startsWith('escalation')));
    assert.equal(told.watch.tallies.incomplete, 1);
  });
});

describe('a rule over time', () => {
  it('is off when it has expired by the signal’s wall time, which is reported once', () => {
    const rule = {
      name: 'old',
      when: { signal: 'TERM' },
      verdict: 'attention',
      until: '2026-01-01T00:00:00Z',
    };
    const told = new Told([rule]);
    told.signal(at(100, { ...TERM, time: '2025-12-31T23:59:59Z' }));
    told.signal(at(101, { ...TERM, time: '2026-01-01T00:00:00Z' }));
    told.signal(at(102, { ...TERM, time: '2026-01-01T00:00:01Z' }));
    assert.deepEqual(told.said, ['old x1 100-100']);
    assert.deepEqual(told.watch.takeRemarks(), ['rule "old" ended 2026-01-01T00:00:00.000Z: it is off']);
    assert.deepEqual(told.watch.takeRemarks(), []);
  });

  it('gives one verdict each where all rules count, and none that it was expected beside an alert', () => {
    const rules = [
      { name: 'a', when: { signal: 'TERM' }, verdict: 'expected' },
      { name: 'b', when: { signal: 'TERM' }, verdict: 'attention' },
      { name: 'c', when: { signal: 'TERM' }, verdict: 'unexpected' },
    ];
    const told = new Told({ match: 'all', rules }).signal(at(100, TERM));
    assert.deepEqual(
      told.judgements.map(({ kind }) => kind),
      ['alert', 'alert'],
    );
    assert.equal(told.watch.tallies.expected, 0);
  });

  it('has its own repeats, by the fields that it names', () => {
    const rule = {
      name: 'r',
      when: { signal: 'TERM' },
      verdict: 'attention',
      repeats: { by: ['target.id'], every: 5 },
    };
    const told = new Told([rule]).signal(at(100, TERM)).signal(at(101, TERM), { ...A_OUT, id: 'other' });
    told.signal(at(102, { ...TERM, sender: { pid: 1, comm: 'init', inTree: false, irq: false } })).tick(105);
    assert.deepEqual(told.said, ['r x1 100-100', 'r x1 101-101', 'r x1 102-102']);
  });

  it('says whether a core was dumped, when the process is gone', () => {
    const segv = at(100, { signal: 'SIGSEGV', number: 11, origin: 'fault', sender: null });
    for (const coreDumped of [true, false]) {
      const told = new Told([]).signal(segv);
      assert.deepEqual(told.said, []);
      told.took(told.watch.exited(A_OUT.id, ended(100.5, coreDumped)));
      assert.deepEqual(told.alerts[0]?.outcome, { kind: 'killed', coreDumped });
      assert.equal(/with a core dump/.test(told.alerts[0].text), coreDumped);
    }
  });

  it('does not wait for ever for a core dump', () => {
    const segv = at(100, { signal: 'SIGSEGV', number: 11, origin: 'fault', sender: null });
    const told = new Told([]).signal(segv).tick(102);
    assert.deepEqual(told.alerts[0]?.outcome, { kind: 'killed', coreDumped: null });
  });

  it('forgets all when another trace begins earlier on its clock', () => {
    const told = new Told([ESCALATION, NO_EXIT, MANY]).signal(at(5000, TERM)).signal(at(1, KILL));
    assert.equal(told.watch.tallies.undecidedAtEnd, 1);
    assert.ok(!told.said.some((each) => each.startsWith('escalation')));
  });
});

describe('what a watch remembers', () => {
  it('has a limit for each kind, and what is left out is counted', () => {
    const rules = [
      { ...NO_EXIT, without: { stage: 'exit', within: 1e6 } },
      { ...ESCALATION, after: { when: { signal: 'TERM' }, within: 1e6 } },
    ];
    const told = new Told({ match: 'all', rules }, { minSeverity: 'critical' });
    for (let pid = 0; pid < 10_500; pid++)
      told.signal(at(100 + pid / 1e6, TERM), { ...A_OUT, id: `${pid}@0` });
    assert.equal(told.watch.tallies.leftOut, 1000);
    assert.match(undecidedRemarks(told.watch.tallies)[0]!, /^1000 could not be followed/);
  });
});
