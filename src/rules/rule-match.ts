import type { SignalRecord, SignalTarget } from '../model/report';
import { globMatches } from './glob';
import type { Condition, SenderCondition, TargetCondition } from './rule';

/** The sender that can be held to account: an interrupt runs in the context of whatever it stopped. */
export function knownSender(signal: SignalRecord): NonNullable<SignalRecord['sender']> | null {
  return signal.sender && signal.sender.irq !== true ? signal.sender : null;
}

/** Delivered to a function of the program, neither SIG_DFL nor SIG_IGN. */
export function wasHandled(signal: SignalRecord): boolean {
  const handler = signal.delivered?.handler;
  return handler !== undefined && handler !== 'default' && handler !== 'ignore';
}

/** Whether the sender is the process that forked the target; its threads have other ids and count as others. */
export function sentByParent(signal: SignalRecord, target: SignalTarget | null): boolean {
  const sender = knownSender(signal);
  return sender !== null && target?.ancestors[0]?.pid === sender.pid;
}

/** Whether everything that the condition asks for is known and so. */
export function conditionHolds(when: Condition, signal: SignalRecord, target: SignalTarget | null): boolean {
  return (
    (when.signal === undefined || when.signal.some((test) => test(signal.number))) &&
    (when.code === undefined || (signal.code !== null && when.code.includes(signal.code))) &&
    (when.origin === undefined || when.origin.includes(signal.origin)) &&
    (when.result === undefined || when.result.includes(signal.result)) &&
    (when.fatal === undefined || when.fatal === signal.fatal) &&
    (when.handled === undefined || when.handled === wasHandled(signal)) &&
    (when.sender === undefined || senderHolds(when.sender, signal, target)) &&
    (when.target === undefined || targetHolds(when.target, signal, target)) &&
    (when.not === undefined || !conditionHolds(when.not, signal, target))
  );
}

function senderHolds(when: SenderCondition, signal: SignalRecord, target: SignalTarget | null): boolean {
  const sender = knownSender(signal);
  if (!sender) return false;
  return (
    (when.comm === undefined || commHolds(when.comm, sender.comm)) &&
    (when.inTree === undefined || when.inTree === sender.inTree) &&
    (when.pid === undefined || when.pid.includes(sender.pid)) &&
    (when.isParent === undefined || when.isParent === sentByParent(signal, target))
  );
}

function targetHolds(when: TargetCondition, signal: SignalRecord, target: SignalTarget | null): boolean {
  return (
    (when.comm === undefined || commHolds(when.comm, target?.comm ?? signal.target.comm)) &&
    (when.path === undefined || globHolds(when.path, target?.path ?? null)) &&
    (when.pid === undefined || when.pid.includes(signal.target.tgid))
  );
}

/** TASK_COMM_LEN less its end: what the kernel keeps of a name. */
const COMM_BYTES = 15;

/** A rule may name a program in full; the kernel has only the beginning of a long name. */
function commHolds(patterns: readonly string[], comm: string | null): boolean {
  return globHolds(
    patterns.map((pattern) => (/[*?]/.test(pattern) ? pattern : cutToBytes(pattern, COMM_BYTES))),
    comm,
  );
}

function cutToBytes(text: string, bytes: number): string {
  return Buffer.from(text).subarray(0, bytes).toString();
}

function globHolds(patterns: readonly string[], text: string | null): boolean {
  return text !== null && patterns.some((pattern) => globMatches(pattern, text));
}
