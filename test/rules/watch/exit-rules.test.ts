import assert from 'node:assert/strict';
import type { Alert, SignalRecord, SignalTarget } from '../../../src/model/report';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { AlertWatch, type Judgement } from '../../../src/rules/watch/alert-watch';
import type { KnownEnd } from '../../../src/rules/watch/fates';
import { HANDLED, signalRecord } from '../signal-records';

const WORKER: SignalTarget = {
  id: '812@100.5',
  comm: 'worker',
  path: '/usr/bin/worker',
  ancestors: [],
  role: 'workload',
};

function end(changes: Partial<KnownEnd> = {}): KnownEnd {
  return {
    ts: 102.5,
    time: null,
    kind: 'exited',
    code: 3,
    signal: null,
    coreDumped: false,
    root: null,
    ...changes,
  };
}

const ending = (when: object, changes: object = {}) => ({
  name: 'ends',
  on: 'exit',
  when,
  verdict: 'attention',
  reason: 'it ended too soon',
  ...changes,
});

function said(judgements: readonly Judgement[]): string[] {
  const alerts = judgements.flatMap((each): Alert[] => (each.kind === 'alert' ? [each.alert] : []));
  return alerts.map(({ severity, rule, text }) => `${severity} ${rule}: ${text}`);
}

function ends(rules: unknown, how = end(), target = WORKER): string[] {
  const watch = new AlertWatch(readRuleSet(rules), { intervalSeconds: 0 });
  return said([...watch.exited(target.id, how, target), ...watch.end(200)]);
}

describe('a rule on the end of a process', () => {
  it('is about its code and how long it lived, in the place of the default verdict', () => {
    const rule = ending({ exit: { code: { above: 0 }, lived: { below: 5 } } });
    assert.deepEqual(ends([rule]), [
      'warning ends: worker (812) ended with 3 after it had run for 2 s. It ended too soon. It is /usr/bin/worker',
    ]);
  });

  it('is about the signal that ended it', () => {
    const rule = ending({ 'exit.signal': '@core', 'exit.coreDumped': true });
    const killed = end({ kind: 'signaled', code: null, signal: 'SIGSEGV', coreDumped: true });
    assert.match(ends([rule], killed).join(), /^warning ends: worker \(812\) was ended by SIGSEGV after/);
  });

  it('leaves other ends to the default verdict', () => {
    assert.match(
      ends([ending({ 'exit.code': 4 })]).join(),
      /^warning default:exit-code: worker \(812\) ended with 3/,
    );
  });

  it('does not know how long a process lived that was there before', () => {
    const rule = ending({ 'exit.lived': { known: true } });
    assert.deepEqual(ends([rule], end({ code: 0 }), { ...WORKER, role: 'attached' }), []);
  });

  it('has exceptions, each with its reason', () => {
    const rule = ending(
      { 'exit.code': 3 },
      { except: [{ target: { comm: 'worker' }, reason: 'it does that' }] },
    );
    assert.deepEqual(ends([rule]), []);
  });
});

describe("a rule on a handler's time", () => {
  const rule = { name: 'slow', when: { 'delivered.handlerTime': { above: 0.1 } }, verdict: 'attention' };
  const sent = signalRecord({ ...HANDLED, signal: 'SIGUSR1', number: 10 });
  const after = (seconds: number): SignalRecord => ({
    ...sent,
    delivered: { ...sent.delivered!, handlerTime: seconds },
  });
  const stage = (signal: SignalRecord, ts: number) =>
    ({
      stage: 'signal-returned',
      ts,
      time: null,
      pid: 812,
      tgid: 812,
      comm: 'worker',
      process: WORKER.id,
      text: '',
      detail: signal,
    }) as const;

  it('waits until the handler has returned', () => {
    const watch = new AlertWatch(readRuleSet([rule]), { intervalSeconds: 0 });
    assert.deepEqual(said(watch.settled(sent, WORKER)), []);
    assert.match(
      said(watch.stage(stage(after(0.25), 9993))).join(),
      /^warning slow: worker \(5441\) was sent SIGUSR1/,
    );
  });

  it('is silent about one that is quick, and one that never returns', () => {
    const watch = new AlertWatch(readRuleSet([rule]), { intervalSeconds: 0 });
    watch.settled(sent, WORKER);
    assert.deepEqual(said(watch.stage(stage(after(0.01), 9993))), []);
    watch.settled({ ...sent, ts: 9994 }, WORKER);
    assert.deepEqual(said(watch.exited(WORKER.id, end({ ts: 9999, code: 0 }), WORKER)), []);
  });
});
