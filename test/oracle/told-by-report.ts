/** Lives out of a report. */
import type { ProcessRecord, Report, SignalRecord } from '../../src/model/report';
import { defaultAction } from '../../src/kernel/signals';
import type { Fate, Life, SignalOfLife } from './life';

/** @throws where the report has no workload, or admits that something of its lives is not known */
export function livesInReport(report: Report): Life {
  const lives = new Map<string, Life>();
  const byTid = new Map<number, Life>();
  // Parents come before their children.
  const ours = report.processes.filter(({ role }) => role === 'workload' || role === 'descendant');
  for (const record of ours) {
    const life = lifeOf(record);
    lives.set(record.id, life);
    // A number that is used twice would name the wrong one.
    if (byTid.has(record.pid)) throw new Error(`two processes had the number ${record.pid}`);
    byTid.set(record.pid, life);
    for (const { tid } of record.threads) byTid.set(tid, life);
    lives.get(record.parent ?? '')?.children.push(life);
  }
  for (const record of ours) {
    const life = lives.get(record.id)!;
    for (const at of record.signals) {
      const signal = report.signals[at]!;
      life.signals.push({
        ts: signal.delivered?.ts ?? signal.ts,
        signal: signal.signal,
        code: String(signal.code),
        sender: senderOf(signal, byTid),
        fate: fateOf(signal),
      });
    }
    const { reap, state } = record;
    const reaper = reap === null ? undefined : byTid.get(reap.by);
    if (state === 'autoreaped') life.reaped = 'nobody';
    else if (reaper !== undefined)
      life.reaped = { by: reaper, call: reap?.call ?? 'a call that was not seen' };
    else if (state === 'reaped') life.reaped = 'outside';
  }
  const root = ours.find(({ role }) => role === 'workload');
  if (root === undefined) throw new Error('no workload in the report');
  return lives.get(root.id)!;
}

function lifeOf(record: ProcessRecord): Life {
  return {
    pid: record.pid,
    born: record.fork?.ts ?? 0,
    call: record.role === 'workload' ? null : (record.fork?.call ?? 'a call that was not seen'),
    children: [],
    execs: record.execs.map(({ path, error }) => ({ path, error })),
    signals: [],
    asked: [],
    end: endOf(record),
    reaped: null,
  };
}

function endOf({ exit }: ProcessRecord): string | null {
  if (exit === null) return null;
  if (exit.kind === 'exited') return `exit ${exit.code ?? 'with an unknown code'}`;
  return `${exit.signal ?? 'an unknown signal'}${exit.coreDumped === true ? ', core dumped' : ''}`;
}

/** Only as far as siginfo has one: not for faults and timers (kernel/signal.c, siginfo_layout). */
function senderOf({ code, sender }: SignalRecord, byTid: ReadonlyMap<number, Life>): SignalOfLife['sender'] {
  const named = typeof code === 'string' && /^(?:SI_USER|SI_QUEUE|SI_TKILL|CLD_.*)$/.test(code);
  if (!named) return null;
  return (sender && byTid.get(sender.pid)) ?? 'outside';
}

function fateOf({ result, delivered, number, fatal }: SignalRecord): Fate {
  if (result === 'ignored') return 'ignored';
  if (fatal) return 'fatal';
  if (result === 'coalesced') return 'coalesced';
  if (delivered === null) return result === 'pending' ? 'never delivered' : 'unknown';
  if (delivered.handler === 'ignore') return 'ignored';
  if (delivered.handler === 'rt_sigtimedwait') return 'taken';
  if (delivered.handler !== 'default') return 'handled';
  const action = defaultAction(number);
  return action === 'stop' ? 'stops' : 'ignored';
}
