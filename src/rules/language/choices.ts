/** What the fields of a signal that are one of a few words may be. */
import type { AlertOutcome, Exit, SignalOrigin, SignalResult, SignalTarget } from '../../model/report';
import type { Disposition } from './evidence';

/** The names of a Record, which the compiler asks to be whole. */
function allOf<T extends string>(names: Readonly<Record<T, true>>): readonly T[] {
  return Object.keys(names) as T[];
}

export const ORIGINS = allOf<SignalOrigin>({
  kill: true,
  tgkill: true,
  rt_sigqueue: true,
  pidfd: true,
  oom: true,
  fault: true,
  timer: true,
  tty: true,
  pipe: true,
  child: true,
  pdeath: true,
  cgroup: true,
  'orphaned-pgrp': true,
  pidns: true,
  seccomp: true,
  ptrace: true,
  bpf: true,
  kernel: true,
  unknown: true,
});

export const RESULTS = allOf<SignalResult>({
  delivered: true,
  pending: true,
  ignored: true,
  coalesced: true,
  overflow: true,
  'info-lost': true,
  unknown: true,
});

export const OUTCOMES = allOf<AlertOutcome['kind']>({
  killed: true,
  stopped: true,
  continued: true,
  handled: true,
  taken: true,
  ignored: true,
  pending: true,
  coalesced: true,
  'not-sent': true,
  delivered: true,
  unknown: true,
});

export const DISPOSITIONS = allOf<Disposition>({ default: true, ignore: true, handler: true });
export const ROLES = allOf<NonNullable<SignalTarget['role']>>({
  parent: true,
  workload: true,
  attached: true,
  descendant: true,
});

export const EXITS = allOf<Exit['kind']>({ exited: true, signaled: true });
