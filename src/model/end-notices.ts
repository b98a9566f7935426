/**
 * Whose end a notice reports. The kernel sends it in the context of the last thread of the process that ended, but the same
 * thread reports others' ends too: a dying parent passes its zombies on to the next one before it reports its own end
 * (kernel/exit.c, exit_notify and reparent_leader), and a tracer notifies the parent of a zombie that it traced
 * (wait_task_zombie, exit_ptrace). The notice has neither pid nor status of the one who ended.
 */
import { CLD_DUMPED, CLD_EXITED, CLD_KILLED, SIGCHLD, defaultAction } from '../kernel/signals';
import type { Tid } from '../trace-event';
import type { Exits } from './exits';
import type { Process, Task } from './process';
import type { ProcessTable } from './process-table';
import { framesOf } from './signal-origin';

/** Of whoever waits for a tracee, or lets it go (kernel/exit.c, kernel/ptrace.c). */
const OF_TRACER = /^(?:wait_consider_task|wait_task_zombie|__?ptrace_detach)$/;

export class EndNotices {
  readonly #table: ProcessTable;
  readonly #exits: Exits;

  constructor(table: ProcessTable, exits: Exits) {
    this.#table = table;
    this.#exits = exits;
  }

  /**
   * @param code CLD_EXITED, CLD_KILLED or CLD_DUMPED
   * @param stack where in the kernel it was sent, innermost first; empty where the trace has no call traces
   * @returns the sender, where it reports its own end; null where it passes on that of another, who then has a new parent
   */
  whoseEnd(
    { tid, process: sender }: Task,
    notified: Tid,
    code: number,
    ts: number,
    stack: readonly string[],
  ): Process | null {
    const frames = framesOf(stack);
    const tracee = this.#tracee(sender, notified, code);
    if (tracee !== null) {
      if (tracee.ending.notified === null) return tracee;
      tracee.ending.notified = notified;
      tracee.ending.notifiedAt = ts;
      return null;
    }
    // It reports the end of somebody whom it traces, and whom the trace does not show.
    if (frames.some((frame) => OF_TRACER.test(frame))) return null;
    // The end of a process whose first thread had left is reported when its last thread is released.
    const isInRelease = frames.includes('release_task');
    const isOthers = stack.length > 0 && tid !== sender.tgid && !isInRelease;
    const isOwn = !isOthers && this.#mayBeOwn(sender, notified, code);
    // Where both are possible, the code and the one notified are the same, and either order gives the same report.
    const { waiter } = sender;
    const isToItsParent = waiter !== null && (isOf(notified, waiter) || isDead(waiter));
    const isFirst =
      isOwn && (isInRelease || (isToItsParent && sender.exitSignal !== null && isCodeOf(sender, code)));
    const zombie = isFirst ? null : this.#zombieToPassOn(sender, tid, code);
    if (zombie !== null) {
      zombie.ending.notified = notified;
      zombie.ending.notifiedAt = ts;
      sender.ending.passedOn = { notified, code, ts, stack };
      this.adopted(zombie, notified);
      // Nobody had been notified of it before: it has another exit signal, or none.
      if (!zombie.ending.settled) this.#exits.childEnded(zombie, notified, code, ts, []);
      return null;
    }
    return isOwn ? sender : null;
  }

  /** Its end was reported to somebody: that is who waits for it now, unless it is its tracer. */
  adopted(process: Process, notified: Tid): void {
    const heir = this.#table.find(notified)?.process ?? null;
    const { waiter, tracer } = process;
    if (heir === waiter && heir !== null) return;
    if (heir === null && waiter?.tgid === notified) return;
    if (heir !== null && tracer !== null && tracer !== 'unknown' && heir.tasks.has(tracer)) return;
    if (waiter !== null && !isDead(waiter)) {
      this.#table.traces(notified, process);
      return;
    }
    waiter?.zombies.delete(process);
    process.leftBy = waiter;
    process.waiter = heir;
    process.listedSince = waiter?.ending.exitTs ?? process.listedSince;
    if (process.ending.settled && !process.gone) heir?.zombies.add(process);
  }

  /** A zombie whose tracer reports it to the parent, or one whose last thread its tracer has waited for. */
  #tracee(sender: Process, notified: Tid, code: number): Process | null {
    const heir = this.#table.find(notified)?.process;
    if (heir === undefined || heir === sender) return null;
    for (const tracee of sender.tracees) {
      const { notified: recipient, exitTs, settled } = tracee.ending;
      const isOver = settled || exitTs !== null;
      if (tracee.gone || !isOver || tracee === sender || !hasCode(tracee, code)) continue;
      if (tracee.waiter === heir && (recipient === null || isOf(recipient, sender))) return tracee;
    }
    return null;
  }

  #zombieToPassOn(sender: Process, tid: Tid, code: number): Process | null {
    if (this.#exits.exitsTraced && sender.ending.exitTs === null) return null;
    let unreported: Process | null = null;
    // Each thread has a list of its own children, and passes on those.
    const isOfOther = ({ record, parent }: Process) => Number(parent === sender && record.fork?.by !== tid);
    const zombies = [...sender.zombies].sort(
      (one, other) => isOfOther(one) - isOfOther(other) || inOrderOfChildren(one, other),
    );
    for (const zombie of zombies) {
      const { notified, freed } = zombie.ending;
      if (zombie.gone || freed !== null || !hasCode(zombie, code)) continue;
      if (notified === null) {
        // Its parent ignored SIGCHLD, and it is gone, unless its exit signal is another, or none.
        if (zombie.exitSignal !== SIGCHLD) unreported ??= zombie;
        continue;
      }
      // Its tracer, which waits for it first, lives.
      if (zombie.tracer === null || isOf(notified, sender)) return zombie;
    }
    return unreported;
  }

  #mayBeOwn(sender: Process, notified: Tid, code: number): boolean {
    const { ending, waiter, record } = sender;
    if (sender.exitSignal === 0 && waiter?.tasks.has(notified)) return false;
    if (ending.settled && record.exit) return false;
    if (ending.notified !== null && this.#exits.exitsTraced) return false;
    if (!mayTell(sender, code)) return false;
    // It lives, and passes on the end of somebody whom the trace does not show; or its own exit is not in the trace.
    if (this.#exits.exitsTraced && ending.exitTs === null && !ending.settled)
      return waiter?.tasks.has(notified) === true;
    // One that was attached to may leave dead children that the trace never showed.
    const { attached } = record;
    return waiter !== null || attached === null || attached.parent === notified;
  }
}

function isDead({ gone, ending }: Process): boolean {
  return gone || ending.settled || ending.exitTs !== null;
}

function isOf(tid: Tid, process: Process): boolean {
  return tid === process.tgid || process.tasks.has(tid);
}

/** The same end as that which it reported, or as that which the trace shows. */
function hasCode(process: Process, code: number): boolean {
  const { childCode } = process.ending;
  return childCode === null ? mayTell(process, code) : childCode === code;
}

/**
 * Does it fit what the trace shows of its end? A notice has the status that wait returns, or that of the first thread, which
 * may have left before, on older kernels (kernel/signal.c, do_notify_parent).
 */
function mayTell({ ending, threadEnds: { first } }: Process, code: number): boolean {
  const { fatal, exitGroup, groupExits } = ending;
  // Nothing changes the status after exit_group.
  if (exitGroup !== null) return code === CLD_EXITED || fatal !== null || groupExits > 0;
  if (first !== null && (first.kind === 'exit') === (code === CLD_EXITED)) return true;
  if (fatal !== null) {
    const dumps = defaultAction(fatal.number) === 'core';
    return code === CLD_KILLED || (dumps && code === CLD_DUMPED);
  }
  return true;
}

/** It reports its end by this code and no other. */
function isCodeOf({ ending: { fatal, exitGroup }, threadEnds }: Process, code: number): boolean {
  if (threadEnds.first !== null) return false;
  if (exitGroup !== null) return code === CLD_EXITED;
  return fatal !== null && defaultAction(fatal.number) !== 'core';
}

/** In the list of children that the kernel keeps: by birth, the adopted ones at the end (forget_original_parent). */
export function inOrderOfChildren(one: Process, other: Process): number {
  return one.listedSince - other.listedSince || one.order - other.order;
}
