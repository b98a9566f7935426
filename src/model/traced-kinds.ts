/**
 * Which kinds of event a trace has at all. A kind that it does not have is reported once, for the trace: of one process
 * nothing is missing that no process has.
 */
export interface TracedKinds {
  readonly forks: boolean;
  readonly programs: boolean;
  /** signal_generate. */
  readonly signals: boolean;
  /** signal_deliver. */
  readonly deliveries: boolean;
  /** sched_process_exit, or the calls exit and exit_group. */
  readonly exits: boolean;
  /** wait4 and waitid, or sched_process_free. */
  readonly waits: boolean;
}

const WORDS: Readonly<Record<keyof TracedKinds, string>> = {
  forks: 'forks',
  programs: 'execs',
  signals: 'sent signals',
  deliveries: 'signal deliveries',
  exits: 'exits',
  waits: 'waits',
};

/** `no forks, execs or waits are in this trace`; null where the trace has every kind. */
export function missingKinds(kinds: TracedKinds): string | null {
  const missing = (Object.keys(WORDS) as (keyof TracedKinds)[])
    .filter((kind) => !kinds[kind])
    .map((kind) => WORDS[kind]);
  const last = missing.pop();
  if (last === undefined) return null;
  return `no ${missing.length === 0 ? last : `${missing.join(', ')} or ${last}`} are in this trace`;
}
