import assert from 'node:assert/strict';
import type { Alert, Severity } from '../../src/model/report';
import { makeAlert } from '../../src/rules/alert';
import { AlertCounting } from '../../src/rules/alert-counting';
import { A_OUT, signalRecord } from './signal-records';

function alertAt(ts: number, rule = 'r', severity: Severity = 'error'): Alert {
  const verdict = { verdict: 'unexpected', rule, severity, reason: 'why' } as const;
  return makeAlert(verdict, signalRecord({ ts }), A_OUT);
}

const brief = (alerts: readonly Alert[]) =>
  alerts.map(({ rule, count, first, last }) => ({ rule, count, first, last }));

describe('counting alerts', () => {
  it('sends the first at once and sums up the rest once each interval', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    assert.deepEqual(brief(counting.add(alertAt(100))), [{ rule: 'r', count: 1, first: 100, last: 100 }]);
    assert.deepEqual(counting.add(alertAt(101)), []);
    assert.deepEqual(counting.add(alertAt(102)), []);
    assert.equal(counting.held, 2);
    assert.deepEqual(counting.tick(109.9), []);
    const [summary] = counting.tick(110);
    assert.deepEqual(brief([summary!]), [{ rule: 'r', count: 2, first: 101, last: 102 }]);
    assert.match(summary!.text, /^2 times in 1\.000 s, the last: a\.out \(5441\) was killed/);
    assert.equal(summary?.signal?.ts, 102);
    assert.equal(counting.held, 0);
  });

  it('sends one again at once after a quiet interval', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    counting.add(alertAt(100));
    assert.deepEqual(brief(counting.add(alertAt(110))), [{ rule: 'r', count: 1, first: 110, last: 110 }]);
  });

  it('keeps the calm after a summary too', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    counting.add(alertAt(100));
    counting.add(alertAt(105));
    assert.equal(counting.tick(110).length, 1);
    assert.deepEqual(counting.add(alertAt(111)), []);
    assert.equal(counting.tick(120).length, 1);
  });

  it('never holds a critical one', () => {
    const counting = new AlertCounting();
    for (const ts of [1, 1, 1.5, 2]) assert.equal(counting.add(alertAt(ts, 'r', 'critical')).length, 1);
  });

  it('keeps different fingerprints apart', () => {
    const counting = new AlertCounting();
    assert.equal(counting.add(alertAt(1, 'a')).length, 1);
    assert.equal(counting.add(alertAt(1, 'b')).length, 1);
    assert.equal(counting.add(alertAt(1, 'a')).length, 0);
  });

  it('sums up what it held when another trace starts earlier on its clock', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    counting.add(alertAt(5000));
    counting.add(alertAt(5001));
    assert.deepEqual(brief(counting.add(alertAt(7))), [
      { rule: 'r', count: 1, first: 5001, last: 5001 },
      { rule: 'r', count: 1, first: 7, last: 7 },
    ]);
  });

  it('gives out every alert that went in, counted, however many there are', () => {
    for (const options of [
      { intervalSeconds: 1 },
      { intervalSeconds: 0 },
      { intervalSeconds: 5, maxOpen: 3 },
      {},
    ]) {
      const counting = new AlertCounting(options);
      let out = 0;
      // 7 rules and 3 severities in a fixed disorder, among them steps back in time.
      for (let i = 0; i < 2000; i++) {
        const ts = i * 0.05 - (i % 11) * 0.2;
        const severity = (['warning', 'error', 'critical'] as const)[i % 3]!;
        for (const alert of counting.add(alertAt(ts, `rule ${(i * i) % 7}`, severity))) out += alert.count;
      }
      for (const alert of counting.flush()) out += alert.count;
      assert.equal(out, 2000, JSON.stringify(options));
      assert.equal(counting.held, 0);
    }
  });

  it('remembers no more fingerprints than it may', () => {
    const counting = new AlertCounting({ maxOpen: 2 });
    counting.add(alertAt(1, 'a'));
    counting.add(alertAt(1, 'a'));
    counting.add(alertAt(1, 'b'));
    assert.deepEqual(
      counting.add(alertAt(1, 'c')).map(({ rule, count }) => `${rule} ${count}`),
      ['a 1', 'c 1'],
    );
  });
});
