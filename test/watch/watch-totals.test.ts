import assert from 'node:assert/strict';
import type { Alert } from '../../src/model/report';
import { noCount } from '../../src/watch/watch-counters';
import type { WatchRecord } from '../../src/watch/watch-record';
import { WatchTotals } from '../../src/watch/watch-totals';

const service = { selector: 'unit:web.service', name: 'web "x"\n.service', generation: 2, previous: null };

function record(stage: string, detail: unknown, unit: string | null = 'web.service'): WatchRecord {
  const target = { id: '1@1', comm: 'web', path: null, ancestors: [], identity: { unit } };
  return { stage, detail, service, target, ts: 1, time: null, pid: 1, tgid: 1 } as unknown as WatchRecord;
}

const death = (unit: string) =>
  record('signal', { signal: 'SIGKILL', origin: 'oom', fatal: true, target: { pid: 1 } }, unit);

describe('the totals of a watch', () => {
  it('are text of Prometheus, with labels escaped', () => {
    const totals = new WatchTotals();
    totals.add(death('web.service'));
    totals.add(death('web.service'));
    totals.add(record('signal', { signal: 'SIGUSR1', origin: 'kill', fatal: false }));
    totals.add(record('exit', { kind: 'signaled', signal: 'SIGKILL' }));
    totals.add(record('start', service));
    totals.addAlert({ severity: 'critical', count: 2 } as Alert);
    const text = totals.toPrometheus({ ...noCount(), lost: 3, pendingLeftOut: 1 }, 1.5, 60);
    for (const line of [
      'ftrace_life_deaths_total{signal="SIGKILL",origin="oom",unit="web.service"} 2',
      'ftrace_life_signals_total{signal="SIGUSR1"} 1',
      'ftrace_life_restarts_total{service="web \\"x\\"\\n.service"} 1',
      'ftrace_life_alerts_total{severity="critical"} 2',
      'ftrace_life_lost_events_total 3',
      'ftrace_life_left_out_total{limit="pending"} 1',
      'ftrace_life_cpu_seconds_total 1.5',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
    // Each line is a comment, or a name with labels and a number.
    for (const line of text.trimEnd().split('\n'))
      assert.match(line, /^# (?:HELP|TYPE) ftrace_life_\w+ .+$|^ftrace_life_\w+(?:\{.*\})? [\d.]+$/);
  });

  it('have a bound: what is one too many is counted under "other"', () => {
    const totals = new WatchTotals();
    for (let unit = 0; unit < 1_010; unit++) totals.add(death(`u${unit}.service`));
    const text = totals.toPrometheus(noCount(), 0, 0);
    const series = text.split('\n').filter((line) => line.startsWith('ftrace_life_deaths_total{'));
    assert.equal(series.length, 1_001);
    assert.equal(series.at(-1), 'ftrace_life_deaths_total{signal="other",origin="other",unit="other"} 10');
  });
});
