import { createHash } from 'node:crypto';
import type { Alert, SignalRecord, SignalTarget } from '../model/report';
import type { Verdict } from './default-verdicts';
import { knownSender, wasHandled } from './evidence';

/** Makes the alert for one signal. It stands for that signal alone; see AlertCounting for more of the same. */
export function makeAlert(verdict: Verdict, signal: SignalRecord, target: SignalTarget | null): Alert {
  const process = target ?? {
    id: `${signal.target.tgid}`,
    comm: signal.target.comm,
    path: null,
    ancestors: [],
  };
  const fingerprint = fingerprintOf(verdict.rule, signal, process);
  return {
    id: createHash('sha256').update(`${fingerprint}|${process.id}|${signal.ts}`).digest('hex').slice(0, 16),
    about: 'signal',
    severity: verdict.severity,
    rule: verdict.rule,
    reason: verdict.reason,
    fingerprint,
    count: 1,
    first: signal.ts,
    last: signal.ts,
    time: signal.time,
    signal,
    earlier: [],
    process,
    outcome: null,
    incomplete: [],
    text: alertText(verdict, signal, process),
  };
}

/**
 * What makes two alerts the same: rule, signal, sender and target by name. Pids are left out, or a service that
 * dies and restarts would never repeat itself.
 */
function fingerprintOf(rule: string, signal: SignalRecord, target: SignalTarget): string {
  const sender = knownSender(signal);
  const parts = [rule, signal.signal, sender ? (sender.comm ?? '?') : '-', target.path ?? target.comm ?? '?'];
  return parts.map((part) => part.replace(/[\\|]/g, '\\$&')).join('|');
}

/** "a.out (5441) was killed by SIGKILL from bash (4994): ...": what happened, from whom, why it matters. */
function alertText(verdict: Verdict, signal: SignalRecord, target: SignalTarget): string {
  const who = named(target.comm ?? signal.target.comm, signal.target.tgid);
  const sender = knownSender(signal);
  const itself = sender?.pid === signal.target.pid || sender?.pid === signal.target.tgid;
  const name = sender && !itself ? named(sender.comm, sender.pid) : '';
  // Most default reasons name the sender themselves.
  const from = name === '' || verdict.reason.includes(name) ? '' : ` from ${name}`;
  return `${who} ${outcome(signal)} ${signal.signal}${from}: ${verdict.reason}`;
}

function outcome(signal: SignalRecord): string {
  if (signal.fatal) return 'was killed by';
  if (wasHandled(signal)) return 'handled';
  switch (signal.result) {
    case 'delivered':
      return 'got';
    case 'pending':
      return 'never received';
    case 'ignored':
      return 'ignored';
    case 'overflow':
      return 'was not sent';
    default:
      return 'was sent';
  }
}

function named(comm: string | null, pid: number): string {
  return comm === null ? `process ${pid}` : `${comm} (${pid})`;
}
