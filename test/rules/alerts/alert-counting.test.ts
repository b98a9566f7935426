import assert from 'node:assert/strict';
import type { Alert, Severity } from '../../../src/model/report';
import { makeAlert } from '../../../src/rules/alerts/alert';
import { AlertCounting } from '../../../src/rules/alerts/alert-counting';
import { A_OUT, signalRecord } from '../signal-records';

function alertAt(ts: number, rule = 'r', severity: Severity = 'error'): Alert {
  const verdict = { verdict: 'unexpected', rule, severity, reason: 'why' } as const;
  return makeAlert(verdict, signalRecord({ ts }), A_OUT);
}

/** Park and Miller's minimal generator: the same numbers on every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
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
    assert.match(summary!.text, /^2 times in 1 s, the last: a\.out \(5441\) was killed/);
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

  it('says at once what is worse than what was last said, and holds the rest', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    const severities = ['notice', 'error', 'notice', 'error', 'warning'] as const;
    const out = severities.flatMap((severity, at) => counting.add(alertAt(100 + at, 'r', severity)));
    assert.deepEqual(
      [...out, ...counting.flush()].map(({ severity, count, first, last, signal }) => [
        severity,
        count,
        first,
        last,
        signal?.ts,
      ]),
      [
        ['notice', 1, 100, 100, 100],
        ['error', 1, 101, 101, 101],
        ['error', 3, 102, 104, 103],
      ],
    );
  });

  it('says again at once what is worse than the last summary', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    const add = (ts: number, severity: Severity) => counting.add(alertAt(ts, 'r', severity));
    assert.equal(add(100, 'error').length, 1);
    assert.equal(add(101, 'notice').length, 0);
    assert.deepEqual(
      counting.tick(110).map(({ severity }) => severity),
      ['notice'],
    );
    assert.equal(add(111, 'error').length, 1);
  });

  it('calls the sample of a summary the worst where others are milder', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    for (const [at, severity] of (['error', 'error', 'notice'] as const).entries()) {
      counting.add(alertAt(100 + at, 'r', severity));
    }
    assert.match(counting.flush()[0]!.text, /^2 times in 1 s, the worst: a\.out/);
  });

  it('does not say of a sum of sums how many the last of them was', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    const verdict = { verdict: 'unexpected', rule: 'r', severity: 'error', reason: 'why' } as const;
    const three = (ts: number): Alert =>
      makeAlert(verdict, signalRecord({ ts }), A_OUT, { count: 3, first: ts - 2, last: ts });
    counting.add(three(100));
    counting.add(three(102));
    counting.add(three(104));
    const [summary] = counting.flush();
    assert.equal(summary?.count, 6);
    assert.match(summary.text, /^6 times in 4 s, the last: a\.out \(5441\) was killed/);
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

  it('gives out every alert that went in, counted, whatever comes in and whenever it is asked', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomFrom(seed);
      const below = (limit: number): number => Math.floor(random() * limit);
      const intervalSeconds = [0, 0.1, 1, 60][below(4)]!;
      const maxOpen = [1, 3, 1000][below(3)]!;
      const counting = new AlertCounting({ intervalSeconds, maxOpen });
      let into = 0;
      let out = 0;
      let ts = 1000;
      const take = (alerts: readonly Alert[]): void => {
        for (const { count, first, last } of alerts) {
          out += count;
          assert.ok(first <= last && count >= 1);
        }
      };
      for (let step = 0; step < 300; step++) {
        // Mostly on, a little back, seldom to another trace.
        ts += below(200) === 0 ? -5000 : random() * 2 - 0.2;
        if (below(5) === 0) take(counting.tick(ts));
        const severity = (['warning', 'error', 'critical'] as const)[below(3)]!;
        const count = 1 + below(3);
        into += count;
        const every = below(3) === 0 ? random() * 5 : undefined;
        const alert = { ...alertAt(ts - random(), `rule ${below(7)}`, severity), count };
        take(counting.add(alert, every, ts));
        assert.equal(out + counting.held, into, `seed ${seed}, step ${step}`);
        assert.ok(counting.size <= maxOpen);
      }
      take(counting.flush());
      assert.deepEqual([out, counting.held, counting.size], [into, 0, 0], `seed ${seed}`);
    }
  });

  it('gives the same summaries however often it is asked what is due', () => {
    const run = (ticks: number): string[] => {
      const counting = new AlertCounting({ intervalSeconds: 10 });
      const said: Alert[] = [];
      const random = randomFrom(7);
      let now = 100;
      for (let step = 0; step < 500; step++) {
        const next = now + random() * 3;
        for (let tick = 1; tick <= ticks; tick++) {
          said.push(...counting.tick(now + ((next - now) * tick) / ticks));
        }
        now = next;
        said.push(...counting.add(alertAt(now, `rule ${Math.floor(random() * 4)}`)));
      }
      return [...said, ...counting.flush()].map(({ id, text }) => `${id} ${text}`);
    };
    assert.deepEqual(run(7), run(0));
  });

  it('has an id for a summary that is not that of its sample', () => {
    const counting = new AlertCounting({ intervalSeconds: 10 });
    counting.add(alertAt(100));
    counting.add(alertAt(101));
    counting.add(alertAt(102));
    assert.notEqual(counting.flush()[0]?.id, alertAt(102).id);
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
