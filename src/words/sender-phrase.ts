/**
 * Who sent a signal, as every text says it: stories, alerts and verdicts use the same words, so that a reader finds the
 * same sender in all of them.
 *
 * The shapes are those of a report (docs/report.md); only what a phrase needs is asked for.
 */
import { processName } from './process-name';

export interface Ancestor {
  readonly pid: number;
  readonly comm: string | null;
}

/** `Sender` of a report fulfils it. */
export interface SenderShape {
  readonly pid: number;
  readonly tgid?: number | null;
  readonly comm: string | null;
  readonly thread?: string | null;
  readonly ancestors?: readonly Ancestor[];
  readonly irq?: boolean | null;
  readonly control?: string | null;
  readonly identity?: {
    readonly user?: string | null;
    readonly tty?: string | null;
    readonly unit?: string | null;
    readonly container?: string | null;
    readonly ancestors?: readonly Ancestor[];
  };
}

/** `docker ps` shows so much of an id. */
const CONTAINER_DIGITS = 12;
/** A shell between two programs says little: the program that ran the shell is named too. */
const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'fish']);

/** The sender's process; its task where the trace does not say which process that is. */
export function senderProcess({ tgid, pid }: Pick<SenderShape, 'tgid' | 'pid'>): number {
  return tgid ?? pid;
}

/** `kill (17108)`; `java (200), its thread reaper (231)`. */
export function senderName(sender: SenderShape): string {
  const name = processName(sender.comm, senderProcess(sender));
  const { thread = null, pid } = sender;
  const isThread = pid !== senderProcess(sender) && thread !== null && thread !== sender.comm;
  return isThread ? `${name}, its thread ${thread} (${pid})` : name;
}

/**
 * `kill (17108), run by backup.sh (17095), cron.service`: the sender, who ran it, and the unit or container it is of.
 *
 * @param target its pid where the sender's parents may be the target itself, which a sentence names already
 */
export function senderPhrase(sender: SenderShape, target: number | null = null): string {
  const { irq = null, control = null } = sender;
  if (control !== null) return controlPhrase(control);
  if (irq === true) return 'an interrupt';
  return [senderName(sender), ...runBy(sender, target), ...homeOf(sender)].join(', ');
}

/** Of the session's own signals: `its time limit of 5 s`, `the session (disarm)`. */
function controlPhrase(reason: string): string {
  return reason.startsWith('time limit') ? `its ${reason}` : `the session (${reason})`;
}

/**
 * Its parent, and the nearest program above that is neither a shell nor of the same name: `run by backup.sh (17095), run by
 * cron (17090)`. A unit or a container says as much of the program as its name. Init, which adopts orphans, ran nothing.
 */
function runBy({ ancestors, identity }: SenderShape, target: number | null): string[] {
  const known = ancestors !== undefined && ancestors.length > 0 ? ancestors : (identity?.ancestors ?? []);
  const last = known.findIndex(({ pid }) => pid <= 1 || pid === target);
  const line = last < 0 ? known : known.slice(0, last);
  const [parent, ...above] = line;
  if (parent === undefined) return [];
  const isHomeKnown =
    ((identity?.unit ?? null) !== null || (identity?.container ?? null) !== null) &&
    !SHELLS.has(parent.comm ?? '');
  const program = isHomeKnown
    ? undefined
    : above.find(({ comm }) => comm !== null && !SHELLS.has(comm) && comm !== parent.comm);
  return [parent, ...(program === undefined ? [] : [program])].map(
    ({ comm, pid }) => `run by ${processName(comm, pid)}`,
  );
}

/** Its container, its unit, or else its user and terminal: `user root on pts/3`. */
function homeOf({ pid, identity }: SenderShape): string[] {
  const { unit = null, container = null, user = null, tty = null } = identity ?? {};
  // init.scope says nothing of init.
  if (pid === 1) return [];
  if (container !== null) return [`container ${container.slice(0, CONTAINER_DIGITS)}`];
  if (unit !== null) return [unit];
  if (user === null) return tty === null ? [] : [`on ${tty}`];
  return [tty === null ? `user ${user}` : `user ${user} on ${tty}`];
}
