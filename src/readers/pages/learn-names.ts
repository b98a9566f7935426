import type { RingEvent } from './ring-event';

/** The events that say what a task is called, or to which thread group it belongs. */
export const NAMING_EVENTS = ['task_rename', 'task_newtask', 'sched_process_fork'] as const;

/** Takes what a naming event says into its trace's names. */
export function learnNames(event: RingEvent): void {
  const { names } = event.context;
  const { sec, nsec } = event.time;
  switch (event.name) {
    case 'task_rename':
      // Some kernels do not say whom: a task renames itself.
      names.rename(Number(event.field('pid') ?? event.pid), sec, nsec, String(event.field('newcomm')));
      break;
    case 'task_newtask':
      names.forked(event.pid, Number(event.field('pid')), Number(event.field('clone_flags')));
      names.rename(Number(event.field('pid')), sec, nsec, String(event.field('comm')));
      break;
    case 'sched_process_fork':
      names.rename(Number(event.field('child_pid')), sec, nsec, String(event.field('child_comm')));
  }
}
