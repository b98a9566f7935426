import type { ProcessRecord } from '../../model/report';
import { printable } from '../printable';
import type { StoryClock } from './clock';
import { nameAndPid, type StoryNames } from './names';

/** How a process ended, in a few words: `killed by SIGKILL`, `exited with 0`, `still running`. */
export function outcomeOf(process: ProcessRecord): string {
  const { exit } = process;
  if (exit?.kind === 'signaled') {
    return `killed by ${exit.signal ?? 'an unknown signal'}${exit.coreDumped === true ? ', core dumped' : ''}`;
  }
  if (exit) return exit.code === null ? 'exited, its code is unknown' : `exited with ${exit.code}`;
  return process.state === 'running' ? 'still running when the trace ended' : 'its end is not in the trace';
}

/** The same with the evidence for a death by signal: `killed by SIGKILL from bash (4994), __x64_sys_kill`. */
export function deathOf(process: ProcessRecord): string {
  const { exit } = process;
  if (exit?.kind !== 'signaled' || exit.cause === '') return outcomeOf(process);
  const cause = printable(exit.cause);
  if (exit.signal === null || !cause.startsWith(exit.signal)) return `${outcomeOf(process)}: ${cause}`;
  return `${outcomeOf(process)}${cause.slice(exit.signal.length)}`;
}

/** What became of it afterwards: `reaped by bash (4994) after 151 µs`; '' where there is nothing to say. */
export function burialOf(process: ProcessRecord, names: StoryNames, clock: StoryClock): string {
  if (process.reap) {
    const { by, ts, zombieFor } = process.reap;
    const reaper = names.process(by, ts);
    const after = zombieFor === null ? '' : ` after ${clock.span(zombieFor)}`;
    return `reaped by ${nameAndPid(reaper?.comm ?? null, reaper?.pid ?? by)}${after}`;
  }
  if (process.state === 'zombie') return 'still a zombie';
  return process.state === 'autoreaped' ? 'removed by the kernel' : '';
}

/** Whether a person should read its story even where there are hundreds; higher first, 0 for no. */
export function interestOf(process: ProcessRecord, hasOwnSignals: boolean): number {
  if (process.role === 'workload' || process.role === 'attached') return 5;
  if (process.exit?.kind === 'signaled') return 4;
  if (process.state === 'zombie') return 3;
  if (hasOwnSignals) return 2;
  return process.exit?.code ? 1 : 0;
}
