/** Who or what sent a signal, as the line of the signal says it: `from bash (4994), ...`, `: Ctrl-C on pts/3`. */
import type { Identity, SignalOrigin, SignalRecord } from '../../model/report';
import { senderName, senderPhrase, senderProcess } from '../../words/sender-phrase';
import { printable } from '../printable';

/** What records of 0.1.0 say of signals that the kernel sent: they have no `cause`. */
const CAUSES: Readonly<Partial<Record<SignalOrigin, string>>> = {
  oom: 'the OOM killer',
  fault: 'a fault of its own',
  timer: 'a timer expired',
  seccomp: 'a system call that seccomp forbids',
  pipe: 'it wrote to a pipe or socket that nobody reads',
  tty: 'its terminal',
};
/** Causes that somebody outside brings about, and do not say who. */
const BY_SOMEBODY: ReadonlySet<SignalOrigin> = new Set(['ptrace', 'cgroup']);

/**
 * `SIGINT (SI_KERNEL): Ctrl-C on pts/3` where the kernel had a reason of its own, else
 * `SIGTERM from kill (17108), run by backup.sh (17095), cron.service, outside the tree, by kill (SI_USER)`.
 *
 * @param parent the pid of the target's parent
 * @param identity the target's
 */
export function signalAndSender(signal: SignalRecord, parent: number | null, identity?: Identity): string {
  const { sender, origin, code } = signal;
  const codeText = code === null ? '' : ` (${code})`;
  const cause = causeOf(signal);
  if (cause !== null) return `${signal.signal}${codeText}: ${printable(cause)}`;
  const how = `${origin === 'unknown' ? '' : ` by ${origin}`}${codeText}`;
  if (sender === null) return `${signal.signal} from a sender that is not in the trace${how}`;
  if (sender.irq === true) return `${signal.signal} from an interrupt${how}`;
  if (isItself(signal)) return `${signal.signal} from itself${how}`;
  if (!sender.inTree) {
    const phrase = printable(senderPhrase(sender, signal.target.tgid));
    return `${signal.signal} from ${phrase}, outside the tree,${how}`.replace(/,$/, '');
  }
  // Relatives have a story of their own: only a user that is another than the target's is news.
  const place = senderProcess(sender) === parent ? 'its parent, ' : '';
  const user = otherUser(sender.identity, identity);
  const ends = place !== '' || user !== '' ? ',' : '';
  return `${signal.signal} from ${place}${printable(senderName(sender))}${user}${how === '' ? '' : ends}${how}`;
}

function causeOf(signal: SignalRecord): string | null {
  const { sender, origin, cause = CAUSES[origin] ?? null } = signal;
  if (sender !== null && (sender.control ?? null) !== null) return senderPhrase(sender);
  if (cause === null || !BY_SOMEBODY.has(origin)) return cause;
  if (sender === null || sender.irq === true || isItself(signal)) return cause;
  return `${cause}, by ${senderPhrase(sender, signal.target.tgid)}`;
}

function isItself({ sender, target }: SignalRecord): boolean {
  return sender !== null && (senderProcess(sender) === target.tgid || sender.pid === target.pid);
}

function otherUser(sender: Identity | undefined, target: Identity | undefined): string {
  const { uid = null, user = null } = sender ?? {};
  if (uid === null || uid === (target?.uid ?? uid)) return '';
  return user === null ? `, uid ${uid}` : `, user ${printable(user)}`;
}
