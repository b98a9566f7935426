/** Recordings of real kernels: what is said while they run is what is said of their reports, however they are cut. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BatchSlice } from '../../nodes/messages/batch-slice';
import { Lifecycle } from '../../src/model/lifecycle';
import type { Alert, Report, Stage } from '../../src/model/report';
import { CaptureReader } from '../../src/readers/capture/capture-reader';
import { AlertWatch, type Judgement } from '../../src/rules/watch/alert-watch';
import { alertsOf } from '../../src/rules/watch/report-alerts';
import type { RuleSet } from '../../src/rules/language/rule';
import { readRuleSet } from '../../src/rules/language/rule-set';
import type { EventBatch } from '../../src/trace-event';
import { GOLDEN_FOLDER } from '../vm/golden';

const RULES = readRuleSet({
  match: 'all',
  rules: [
    {
      name: 'escalation',
      when: { signal: 'KILL' },
      after: { when: { signal: 'TERM' }, within: 10 },
      verdict: 'attention',
    },
    {
      name: 'no exit',
      when: { signal: 'TERM' },
      without: { stage: 'exit', within: 0.001 },
      verdict: 'attention',
    },
    {
      name: 'not reaped',
      when: { fatal: true },
      without: { stage: 'reap', within: 0.01 },
      verdict: 'attention',
    },
    {
      name: 'stopped',
      when: { signal: '@stop' },
      without: { stage: 'continue', within: 0.00001 },
      verdict: 'unexpected',
    },
    { name: 'many', when: { signal: 'CHLD' }, times: { atLeast: 3, within: 60 }, verdict: 'attention' },
    { name: 'zombies', on: 'zombie', when: {}, olderThan: 0.1, verdict: 'attention' },
    {
      name: 'any',
      when: {},
      verdict: 'attention',
      severity: 'info',
      repeats: { by: ['signal'], every: 0.05 },
    },
  ],
});

const alertsIn = (judgements: readonly Judgement[]): Alert[] =>
  judgements.flatMap((each) => (each.kind === 'alert' ? [each.alert] : []));

/** As plain data: what a message through a flow has. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** An alert may be raised while a handler runs: only the report has the time of the run. */
const sameAlerts = (alerts: readonly Alert[]): unknown =>
  JSON.parse(JSON.stringify(alerts, (key, value: unknown) => (key === 'handlerTime' ? null : value)));

interface Life {
  readonly report: Report;
  /** As they were when they were sent: the model goes on with its records. */
  readonly stages: Stage[];
}

/** @param eventsABatch so many events at once; Infinity for all */
function lifeOf(file: string, eventsABatch: number): Life {
  const reader = new CaptureReader();
  const lifecycle = new Lifecycle({ source: 'raw' });
  const stages: Stage[] = [];
  const keep = (found: readonly Stage[]): void => {
    for (const stage of found) stages.push(plain(stage) as Stage);
  };
  const apply = (batch: EventBatch): void => {
    if (batch.length <= eventsABatch) {
      keep(lifecycle.apply(batch).stages);
      return;
    }
    for (let from = 0; from < batch.length; from += eventsABatch) {
      const first = from === 0;
      const to = Math.min(from + eventsABatch, batch.length);
      const part = new BatchSlice(batch, from, to, first ? batch.lost : [], [], first ? batch.notes : []);
      keep(lifecycle.apply(part).stages);
    }
  };
  apply(reader.push(gunzipSync(readFileSync(file))));
  apply(reader.end());
  const { stages: last, report } = lifecycle.finish();
  keep(last);
  return { report, stages };
}

function watched({ stages, report }: Life, rules: RuleSet): Alert[] {
  const watch = new AlertWatch(rules);
  return [
    ...stages.flatMap((stage) => alertsIn(watch.stage(stage))),
    ...alertsIn(watch.end(report.trace.end)),
  ];
}

const files = readdirSync(GOLDEN_FOLDER).flatMap((series) =>
  readdirSync(path.join(GOLDEN_FOLDER, series))
    .filter((name) => name.endsWith('.capture.gz'))
    .map((name) => path.join(series, name)),
);

describe('the alerts of recordings', () => {
  let alerts = 0;
  for (const name of files) {
    it(`are the same live, in other parts, and from the report: ${name}`, () => {
      const file = path.join(GOLDEN_FOLDER, name);
      const whole = lifeOf(file, Infinity);
      for (const rules of [RULES, readRuleSet([])]) {
        const live = watched(whole, rules);
        assert.deepEqual(sameAlerts(watched(lifeOf(file, 7), rules)), sameAlerts(live));
        assert.deepEqual(sameAlerts(alertsOf(whole.report, rules)), sameAlerts(live));
        alerts += live.length;
      }
    });
  }

  it('are many, and of every kind that the recordings have', () => {
    assert.ok(alerts > 300, `only ${alerts}`);
    const rules = new Set<string>();
    for (const name of files) {
      for (const { rule } of watched(lifeOf(path.join(GOLDEN_FOLDER, name), Infinity), RULES))
        rules.add(rule);
    }
    for (const rule of RULES.rules) assert.ok(rules.has(rule.name), `no alert by ${rule.name}`);
  });
});
