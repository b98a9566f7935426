/** A workload that kills its children: learnt by running it, and quiet afterwards. */
import assert from 'node:assert/strict';
import { Lifecycle } from '../../src/model/lifecycle';
import type { Stage } from '../../src/model/report';
import { AlertWatch, type AlertWatchOptions } from '../../src/rules/watch/alert-watch';
import { LearntSignals } from '../../src/rules/watch/learnt-signals';
import type { RuleSet } from '../../src/rules/language/rule';
import { readRuleSet } from '../../src/rules/language/rule-set';
import { DEFAULT_SETTINGS } from '../../src/session/session-settings';
import { armSession } from '../../src/session/sessions';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { needs } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';

/** Children without an exec: one that is killed before it would be another program's in some runs. */
const SCRIPT = `
(while :; do :; done) & kill -9 $!; wait $!
(while :; do :; done) & kill -TERM $!; wait $!
sh -c 'kill -ABRT $$'
true`;

interface Run {
  readonly stages: readonly Stage[];
  readonly end: number | null;
}

async function run(): Promise<Run> {
  const session = await armSession({ ...DEFAULT_SETTINGS, topic: 'learning', bufferKb: 16_384 });
  try {
    const lifecycle = new Lifecycle({ source: 'raw' });
    const stages: Stage[] = [];
    const batches = session.batches();
    const sinks = { stdout: (): void => undefined, stderr: (): void => undefined };
    const settings = readWorkloadSettings({ command: 'sh', args: ['-c', SCRIPT], timeLimitSeconds: 15 });
    await session.run(settings, sinks);
    for await (const batch of batches) stages.push(...lifecycle.apply(batch).stages);
    const last = lifecycle.finish();
    return { stages: [...stages, ...last.stages], end: last.report.trace.end };
  } finally {
    await session.disarm();
  }
}

/** The rules and signals of the alerts. */
function alertsOn({ stages, end }: Run, rules: RuleSet, options: AlertWatchOptions = {}): string[] {
  const watch = new AlertWatch(rules, { ...options, intervalSeconds: 0 });
  const judgements = [...stages.flatMap((stage) => watch.stage(stage)), ...watch.end(end)];
  return judgements.flatMap((each) =>
    each.kind === 'alert' ? [`${each.alert.rule} ${each.alert.signal?.signal ?? ''}`] : [],
  );
}

describe('learning from real runs', function () {
  this.timeout(60_000);
  before(async function () {
    await needs(this, { root: true, tracefs: true });
  });
  after(() => {
    assert.deepEqual(ownInstances(), []);
  });

  it('proposes rules with which the same workload raises no alert, and another kill still does', async () => {
    const runs = [await run(), await run()];
    const learnt = new LearntSignals();
    const none = readRuleSet([]);
    for (const one of runs) {
      assert.deepEqual(alertsOn(one, none), [
        'default:killed-by-parent SIGKILL',
        'default:killed-by-parent SIGTERM',
        'default:crash SIGABRT',
      ]);
      learnt.beginRun();
      assert.deepEqual(alertsOn(one, none, { learning: learnt }), []);
    }
    const proposal = learnt.propose();
    assert.equal(proposal.rules.length, 3);
    for (const rule of proposal.rules) assert.equal(rule['reason'], 'learnt: seen 2 times in 2 runs');
    // As it goes through a file.
    const rules = readRuleSet(JSON.parse(JSON.stringify(proposal.rules)));
    for (const one of [...runs, await run()]) assert.deepEqual(alertsOn(one, rules), []);
    const withoutKill = readRuleSet(proposal.rules.filter(({ name }) => !String(name).includes('SIGKILL')));
    assert.deepEqual(alertsOn(runs[0]!, withoutKill), ['default:killed-by-parent SIGKILL']);
  });
});
