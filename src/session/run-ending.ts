/** How a run ends: the command is asked and then made to end, what it left running is waited for. */
import { signalName } from '../kernel/signals';
import type { Instance } from '../tracefs/instance';
import { startTime } from '../tracefs/owner';
import { endFollowed } from '../tracefs/sweep';
import { SIGNAL_STATUS, type TracedParent } from '../workload/traced-parent';
import type { TraceNote } from '../trace-event';
import { sendSignal } from './own-signals';
import { sleep } from './pauses';
import { PARENT_GONE } from './signal-reasons';
import type { TreeMembers } from './tree-members';

const POLL_MS = 20;
/** An attached process may live for weeks: how often to look whether it still does. */
const ATTACHED_POLL_MS = 100;
/**
 * The pid list empties by the very tracepoint that is a task's last event (sched_process_free, from RCU): this much for
 * the recording of it on another CPU.
 */
const SETTLE_MS = 15;
/** Between SIGTERM and SIGKILL, and for zombies that nobody reaps. */
const PATIENCE_MS = 2000;
const KILLING_MS = 100;

export class RunEnding {
  #isLetGo = false;
  #killing: NodeJS.Timeout | null = null;
  #isOver = false;

  readonly #tree: Instance;
  readonly #members: TreeMembers;
  readonly #now: () => number;
  readonly #note: (note: TraceNote) => void;

  /** @param now seconds on the trace clock */
  constructor(tree: Instance, members: TreeMembers, now: () => number, note: (note: TraceNote) => void) {
    this.#tree = tree;
    this.#members = members;
    this.#now = now;
    this.#note = note;
  }

  /**
   * SIGTERM to the command's group, by its parent; what is left after 2 s gets SIGKILL from us, again and again, as it may
   * fork while we look. A parent that does not reap then (stopped by its own child) goes too.
   */
  endWorkload(parent: TracedParent, reason: string): void {
    // A stop may come while the instances are removed: nothing is left to end, and nothing would stop the killing.
    if (this.#isOver) return;
    this.order(parent, 'SIGTERM', 'group', reason);
    const ordered = performance.now();
    const kill = (pid: number): void => {
      sendSignal(pid, 'SIGKILL', reason);
    };
    this.#killing ??= setInterval(() => {
      const waited = performance.now() - ordered;
      // The parent stays, to reap: what it forked goes first.
      if (waited > PATIENCE_MS) endFollowed(this.#tree, kill, [parent.pid]);
      if (waited > PATIENCE_MS * 1.5) parent.end(kill);
    }, KILLING_MS);
  }

  /**
   * A signal to the command or to its group, sent by the traced parent, so that all of it is in the trace. Where the parent
   * is gone, it is sent from here: what is left of the group may be anywhere in the tree.
   *
   * @param reason why the session sends it; null for the signal of the run's settings (`killAfter`): the user asked to see
   *   that death, so it is judged as any parent's signal
   */
  order(parent: TracedParent, signal: string, to: 'command' | 'group', reason: string | null): void {
    const { command } = parent;
    if (command === null) return;
    if (!parent.obeys) {
      const send = (pid: number): void => {
        if (to === 'group' || pid === command) sendSignal(pid, signal, reason ?? PARENT_GONE);
      };
      endFollowed(this.#tree, send);
      return;
    }
    if (reason !== null) {
      this.#note({
        kind: 'control',
        sender: parent.pid,
        signal,
        target: to === 'command' ? command : null,
        from: this.#now(),
        until: null,
        reason,
      });
    }
    parent.order(signal, to);
  }

  /** From here on the tree's pids may name anybody. */
  stopKilling(): void {
    this.#isOver = true;
    clearInterval(this.#killing ?? undefined);
  }

  /** What was only attached to goes on without us: nobody is waited for. */
  letGo(): void {
    this.#isLetGo = true;
  }

  /** Until the command, its parent, and all that they forked are gone. */
  async treeIsGone(parent: TracedParent): Promise<void> {
    await this.#areGone(() => true, POLL_MS);
    await parent.gone;
    await sleep(SETTLE_MS);
  }

  /** Until the attached processes are gone, or are let go. */
  async attachedAreGone(pids: readonly number[]): Promise<void> {
    await this.#areGone((tid) => pids.includes(tid), ATTACHED_POLL_MS);
    await sleep(SETTLE_MS);
  }

  /**
   * The pid list empties as the kernel frees the tasks; a stop or a time limit ends those that stay. Zombies are waited
   * for only so long: whoever should reap them (init, for orphans) may do it late, or never.
   */
  async #areGone(awaited: (tid: number) => boolean, pollMs: number): Promise<void> {
    let zombiesSince = Infinity;
    while (!this.#isLetGo) {
      const followed = this.#tree.followed().filter(awaited);
      if (followed.length === 0) return;
      if (followed.some((tid) => startTime(tid) !== null)) zombiesSince = Infinity;
      else if (zombiesSince === Infinity) zombiesSince = performance.now();
      else if (performance.now() - zombiesSince > PATIENCE_MS) return;
      await sleep(pollMs);
    }
  }

  /** Until nothing of the command itself is left. */
  async commandIsGone(): Promise<void> {
    await this.#areGone((tid) => tid === this.#members.command.pid, POLL_MS);
  }

  /**
   * The shell's `$?` cannot tell SIGKILL from exit(137); the SIGCHLD in the trace can.
   * @param status null where somebody ended the traced parent: then only the trace says it
   */
  async howItEnded(
    status: number | null,
    isOver: () => boolean,
  ): Promise<{ code: number | null; signal: string | null }> {
    const { command } = this.#members;
    if (status !== null && status <= SIGNAL_STATUS) return { code: status, signal: null };
    const until = performance.now() + PATIENCE_MS;
    while (command.endedByExit === null && !isOver() && performance.now() < until) await sleep(POLL_MS);
    if (status === null) return command.end;
    if (command.endedByExit === true) return { code: status, signal: null };
    if (command.endedByExit === false) return { code: null, signal: signalName(status - SIGNAL_STATUS) };
    return { code: null, signal: null };
  }
}
