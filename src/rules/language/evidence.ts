/** What a signal record says of itself, in one word: who is to blame, what became of it. */
import type { AlertOutcome, SignalRecord, SignalTarget } from '../../model/report';
import { defaultAction } from '../../kernel/signals';
import { senderProcess } from '../../words/sender-phrase';

/** The sender that can be held to account: an interrupt runs in the context of whatever it stopped. */
export function knownSender(signal: SignalRecord): NonNullable<SignalRecord['sender']> | null {
  return signal.sender && signal.sender.irq !== true ? signal.sender : null;
}

/** Delivered to a function of the program, neither SIG_DFL nor SIG_IGN. */
export function wasHandled(signal: SignalRecord): boolean {
  const handler = signal.delivered?.handler;
  return handler !== undefined && handler !== 'default' && handler !== 'ignore';
}

/** Whether the sender is the process that forked the target, by whichever of its threads. */
export function sentByParent(signal: SignalRecord, target: SignalTarget | null): boolean {
  const sender = knownSender(signal);
  return sender !== null && senderProcess(sender) === parentOf(target);
}

function parentOf(target: SignalTarget | null): number | null {
  const { ancestors, identity } = target ?? {};
  return ancestors?.[0]?.pid ?? identity?.ancestors[0]?.pid ?? identity?.ppid ?? null;
}

/** Whether the sender is the target itself, by whichever of its threads. */
export function sentToItself(signal: SignalRecord): boolean {
  const sender = knownSender(signal);
  const { tgid, pid } = signal.target;
  return sender !== null && (senderProcess(sender) === tgid || sender.pid === pid);
}

/** Whether the session itself sent it: to its traced parent, at a time limit, at the end. */
export function sentBySession({ control, sender }: SignalRecord): boolean {
  return control || (sender?.control ?? null) !== null;
}

export type Disposition = 'default' | 'ignore' | 'handler';

/** How sigwait and its like take a signal: no disposition has a say in it. */
const TAKEN = 'rt_sigtimedwait';

/** What the target had asked for; null where the trace does not say. */
export function dispositionOf(signal: SignalRecord): Disposition | null {
  const handler = signal.delivered?.handler;
  if (handler === TAKEN) return null;
  if (handler === 'default' || handler === 'ignore') return handler;
  if (handler !== undefined) return 'handler';
  // What does something by default is dropped by SIG_IGN alone (kernel/signal.c, sig_task_ignored).
  return signal.result === 'ignored' && defaultAction(signal.number) !== 'ignore' ? 'ignore' : null;
}

/** What the signal led to. */
export function outcomeOf(signal: SignalRecord): AlertOutcome['kind'] {
  if (signal.fatal) return 'killed';
  switch (signal.result) {
    case 'ignored':
      return 'ignored';
    case 'pending':
      return 'pending';
    case 'coalesced':
      return 'coalesced';
    case 'overflow':
      return 'not-sent';
    case 'unknown':
      return 'unknown';
    default:
      return outcomeOfDelivery(signal);
  }
}

function outcomeOfDelivery(signal: SignalRecord): AlertOutcome['kind'] {
  const handler = signal.delivered?.handler;
  if (handler === TAKEN) return 'taken';
  if (wasHandled(signal)) return 'handled';
  if (handler === 'ignore') return 'ignored';
  const action = defaultAction(signal.number);
  if (action === 'stop') return 'stopped';
  return action === 'continue' ? 'continued' : 'delivered';
}

/** Why less is known of this signal than there was to know; empty where nothing is missing. */
export function incompletenessOf(signal: SignalRecord | null, target: SignalTarget | null): string[] {
  const reasons = [...(target?.incomplete ?? [])];
  if (signal?.result === 'unknown') reasons.push('nobody can say what became of the signal');
  return reasons;
}
