/** What a watch's records say to a person: one sentence, in the words of alerts. */
import type { SignalRecord } from '../model/report';
import { duration } from '../words/duration';
import { processName } from '../words/process-name';
import { senderPhrase } from '../words/sender-phrase';
import type { HostProcess } from './host-process';

export function titleOf({ known, pid }: HostProcess): string {
  return processName(known.comm, pid);
}

/** `bash (4994), run by sshd (4711), user root`; `the kernel` for what no process asked for. */
export function byWhom(record: SignalRecord): string {
  const { sender, cause = null, target } = record;
  if (cause !== null) return cause;
  if (sender === null) return 'an unknown sender';
  if (sender.irq === true) return 'an interrupt';
  return (sender.tgid ?? sender.pid) === target.tgid ? 'itself' : senderPhrase(sender, target.tgid);
}

/** `web (812): SIGKILL from kill (17108), run by bash (4994): ended by it`. */
export function signalText(record: SignalRecord, process: HostProcess): string {
  return `${titleOf(process)}: ${record.signal} from ${byWhom(record)}: ${fateOf(record)}`;
}

/** What became of a signal, in a few words. */
export function fateOf(record: SignalRecord): string {
  if (record.fatal) {
    return record.coreDumped === true ? 'ended by it, with a core dump' : 'ended by it';
  }
  switch (record.result) {
    case 'ignored':
      return 'ignored';
    case 'coalesced':
      return 'already pending';
    case 'overflow':
      return 'not sent, its queue is full';
    case 'pending':
      return 'never delivered';
    case 'unknown':
      return 'outcome unknown';
    default:
      return deliveryOf(record);
  }
}

function deliveryOf({ delivered, latency, number }: SignalRecord): string {
  if (delivered === null) return 'pending';
  if (delivered.handler === 'ignore') return 'ignored';
  if (delivered.handler !== 'default') {
    return latency === null ? 'handled' : `handled after ${duration(latency)}`;
  }
  // SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU (signal(7)).
  if (number >= 19 && number <= 22) return 'stopped';
  return number === 18 ? 'continued' : 'delivered';
}

/** What `exit.cause` says. */
export function causeOfEnd(fatal: SignalRecord | null, childCode: number | null): string {
  if (fatal === null) {
    return childCode === null
      ? 'exited; a watch does not see exit codes'
      : 'ended by a signal whose sending was not seen';
  }
  if (fatal.generated === null) return 'ended by a signal whose sending was not seen';
  return `${fatal.signal} from ${byWhom(fatal)}`;
}
