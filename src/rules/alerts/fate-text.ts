/** The first sentence of an alert whose end is known. Every branch is a whole sentence. */
import type { RootCause, SignalRecord, SignalTarget } from '../../model/report';
import { knownSender } from '../language/evidence';
import type { Fate } from '../matching/fate';
import { processName } from '../../words/process-name';
import { byWhom, opening } from './opening';
import { seconds } from './seconds';

/** A death of which another process's signal was the first cause: "...: ended by it, after timeout (9) handled SIGALRM". */
export function wayText(sentence: string, root: RootCause | null): string {
  // The last step is the death itself, which the sentence has.
  const way = root?.way.slice(0, -1) ?? [];
  return way.length === 0 ? sentence : `${sentence}. First cause: ${way.join(', ')}`;
}

/** "redis-server (812) was asked to end (SIGTERM) by kill (17108): ended with 0 after 27 ms". */
export function fateText(signal: SignalRecord, target: SignalTarget | null, fate: Fate): string {
  const begin = opening(signal, target);
  const after = seconds(fate.after);
  switch (fate.kind) {
    case 'exited':
      if (fate.code === null) return `${begin}: ended after ${after}; its exit code is not in this trace`;
      return fate.code === 128 + signal.number
        ? `${begin}: ended with ${fate.code}, the usual code after ${signal.signal}, after ${after}`
        : `${begin}: ended with ${fate.code} after ${after}`;
    case 'ended-by-it':
      return `${begin}: ended by it after ${after}`;
    case 'killed':
      return fate.signal === null
        ? `${begin}: killed by an unknown signal after ${after}`
        : `${begin}: killed by ${fate.signal} after ${after}`;
    case 'refused':
      return `${begin}: did not end within ${after}`;
    case 'open':
      return fate.isFollowed
        ? `${begin}: still running when the trace ended ${after} later`
        : `${begin}: what became of it is not in this trace`;
  }
}

/** "a.out (5441) was killed (SIGKILL) by its parent, bash (4994), with a core dump". */
export function deathText(signal: SignalRecord, target: SignalTarget | null, after: number | null): string {
  const begin = opening(signal, target);
  const isKill = begin.includes('was killed');
  const core = signal.coreDumped === true;
  if (isKill) return core ? `${begin}, with a core dump` : begin;
  if (core) return `${begin}: ended by it, with a core dump`;
  return after === null || after < 0.001
    ? `${begin}: ended by it`
    : `${begin}: ended by it after ${seconds(after)}`;
}

/** "...: handled, raised again 52 µs later, ended by it". */
export function chainText(first: SignalRecord, last: SignalRecord, target: SignalTarget | null): string {
  const begin = opening(first, target);
  const core = last.coreDumped === true ? ', with a core dump' : '';
  const span = seconds(Math.max(0, last.ts - (first.delivered?.ts ?? first.ts)));
  if (first.signal === last.signal)
    return `${begin}: handled, raised again ${span} later, ended by it${core}`;
  return last.signal === 'SIGABRT'
    ? `${begin}: handled, called abort() (SIGABRT) ${span} later, ended by it${core}`
    : `${begin}: handled, sent itself ${last.signal} ${span} later, ended by it${core}`;
}

/** "... was asked to end (SIGTERM) by X, then killed (SIGKILL) by the same process 10 s later". */
export function escalationText(first: SignalRecord, last: SignalRecord, target: SignalTarget | null): string {
  const begin = opening(first, target);
  const span = seconds(last.ts - first.ts);
  if (last.origin === 'oom') return `${begin}, then killed (${last.signal}) by the OOM killer ${span} later`;
  const [one, other] = [knownSender(first)?.pid, knownSender(last)?.pid];
  const isSame = one !== undefined && one === other;
  return isSame
    ? `${begin}, then killed (${last.signal}) by the same process ${span} later`
    : `${begin}, then killed (${last.signal}) ${span} later by ${byWhom(last, target)}`;
}

/** "python3 (812) crashed (SIGSEGV, SEGV_MAPERR) 3 s after it was asked to end (SIGTERM) by kill (17108)". */
export function crashAfterRequestText(
  first: SignalRecord,
  last: SignalRecord,
  target: SignalTarget | null,
): string {
  const span = seconds(last.ts - first.ts);
  const core = last.coreDumped === true ? ', with a core dump' : '';
  return `${opening(last, target)} ${span} after ${first.signal} from ${byWhom(first, target)}${core}`;
}

/** "python3 (812) handled its crash (SIGSEGV) and ended with 1 after 3 ms". */
export function handledFaultText(
  fault: SignalRecord,
  target: SignalTarget | null,
  code: number,
  after: number,
): string {
  return `${opening(fault, target)}: handled, ended with ${code} after ${seconds(after)}`;
}

/** "python3 (812) ended with 3". */
export function exitText(target: SignalTarget, pid: number, code: number): string {
  return `${processName(target.comm, pid)} ended with ${code}`;
}
