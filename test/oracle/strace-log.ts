/**
 * What `strace -f -ttt -o FILE` writes, line by line: calls, signals and ends, each with its thread and time.
 *
 * Format: strace(1), and what strace 6.1 prints. A call that another thread interrupts is in two lines,
 * `vfork( <unfinished ...>` and `<... vfork resumed>) = 7`; here it is one, at the place where it returns.
 */

export interface CallLine {
  readonly kind: 'call';
  readonly tid: number;
  /** Seconds, when it returned, and when it was entered. */
  readonly ts: number;
  readonly entered: number;
  readonly name: string;
  /** As printed, between the brackets. */
  readonly args: string;
  /** Null where there is none: `= ?`, as of exit_group. */
  readonly result: number | null;
  /** `ENOENT`; `ERESTARTSYS` and its like for a call that a signal interrupted. */
  readonly error: string | null;
}

export interface SignalLine {
  readonly kind: 'signal';
  readonly tid: number;
  readonly ts: number;
  readonly signal: string;
  /** `SI_USER`, ... */
  readonly code: string;
  /** `si_pid`; null where the siginfo has none. */
  readonly sender: number | null;
}

/** `--- stopped by SIGSTOP ---`: a stop of the whole group has begun. */
export interface StopLine {
  readonly kind: 'stop';
  readonly tid: number;
  readonly ts: number;
  readonly signal: string;
}

export interface EndLine {
  readonly kind: 'end';
  readonly tid: number;
  readonly ts: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly coreDumped: boolean;
}

/** A thread other than the first has called execve: it goes on under the number of the first. */
export interface SupersededLine {
  readonly kind: 'superseded';
  readonly tid: number;
  readonly ts: number;
  readonly by: number;
}

export type StraceLine = CallLine | SignalLine | StopLine | EndLine | SupersededLine;

const PREFIX = /^(\d+)\s+(\d+\.\d+) (.*)$/;
const UNFINISHED = /^(.*?) ?<(?:unfinished|pid changed to \d+) \.\.\.>$/;
/** A thread that was killed in a call before strace had looked at it. */
const UNKNOWN_CALL = /^(?:<\.\.\. \?\?\? resumed>|\?\?\?\().*= \?$/;
const RESUMED = /^<\.\.\. \w+ resumed>(.*)$/;
const CALL = /^(\w+)\((.*)\)\s+= (\?|-?\d+|0x[0-9a-f]+)(?: (E\w+) \(.*\))?(?: \(.*\))?$/;
const SIGNAL = /^--- (SIG\w+) \{(.*)\} ---$/;
const STOP = /^--- stopped by (SIG\w+) ---$/;
const EXITED = /^\+\+\+ exited with (\d+) \+\+\+$/;
const KILLED = /^\+\+\+ killed by (SIG\w+)( \(core dumped\))? \+\+\+$/;
const SUPERSEDED = /^\+\+\+ superseded by execve in pid (\d+) \+\+\+$/;

/** @throws where a line is none of these: an oracle that skips what it does not know would prove nothing */
export function readStraceLog(text: string): StraceLine[] {
  const lines: StraceLine[] = [];
  const unfinished = new Map<number, { readonly entered: number; readonly head: string }>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, pid, time, said] = PREFIX.exec(line) ?? [];
    if (pid === undefined || time === undefined || said === undefined)
      throw new Error(`no line of strace: ${line}`);
    const tid = Number(pid);
    const ts = Number(time);
    if (UNKNOWN_CALL.test(said)) continue;
    const head = UNFINISHED.exec(said)?.[1];
    if (head !== undefined) {
      unfinished.set(tid, { entered: ts, head });
      continue;
    }
    const tail = RESUMED.exec(said)?.[1];
    const begun = tail === undefined ? undefined : unfinished.get(tid);
    if (tail !== undefined) unfinished.delete(tid);
    const whole = tail === undefined ? said : `${begun?.head ?? ''}${tail}`;
    const read = readOne(tid, ts, begun?.entered ?? ts, whole);
    if (read === null) throw new Error(`no line of strace that is known: ${line}`);
    if (read.kind === 'superseded') {
      const call = unfinished.get(read.by);
      unfinished.delete(read.by);
      if (call) unfinished.set(tid, call);
    }
    lines.push(read);
  }
  return lines;
}

function readOne(tid: number, ts: number, entered: number, said: string): StraceLine | null {
  const call = CALL.exec(said);
  if (call) {
    const [, name, args, result, error] = call;
    return {
      kind: 'call',
      tid,
      ts,
      entered,
      name: name!,
      args: args!,
      result: result === '?' ? null : Number(result),
      error: error ?? null,
    };
  }
  const signal = SIGNAL.exec(said);
  if (signal) {
    const [, name, siginfo] = signal;
    const sender = /si_pid=(\d+)/.exec(siginfo!)?.[1];
    return {
      kind: 'signal',
      tid,
      ts,
      signal: name!,
      code: /si_code=(\w+)/.exec(siginfo!)?.[1] ?? '',
      sender: sender === undefined ? null : Number(sender),
    };
  }
  const stop = STOP.exec(said);
  if (stop) return { kind: 'stop', tid, ts, signal: stop[1]! };
  const exited = EXITED.exec(said);
  if (exited) return { kind: 'end', tid, ts, code: Number(exited[1]), signal: null, coreDumped: false };
  const killed = KILLED.exec(said);
  if (killed)
    return { kind: 'end', tid, ts, code: null, signal: killed[1]!, coreDumped: killed[2] !== undefined };
  const superseded = SUPERSEDED.exec(said);
  if (superseded) return { kind: 'superseded', tid, ts, by: Number(superseded[1]) };
  return null;
}

/**
 * Whom a wait returned, and how it ended; null where the wait returned nobody, or reported a stop. The end is null
 * where the caller did not ask for the status.
 */
export function waitedFor(line: CallLine): { pid: number; end: string | null } | null {
  if (line.result === null || line.result < 0) return null;
  if (line.name === 'waitid') {
    const pid = /si_pid=(\d+)/.exec(line.args)?.[1];
    const [, code, status] = /si_code=CLD_(\w+),.*si_status=(\w+)/.exec(line.args) ?? [];
    if (pid === undefined || line.args.includes('WNOWAIT')) return null;
    if (code === 'EXITED') return { pid: Number(pid), end: `exit ${status ?? ''}` };
    if (code === 'KILLED') return { pid: Number(pid), end: status ?? '' };
    if (code === 'DUMPED') return { pid: Number(pid), end: `${status ?? ''}, core dumped` };
    return null;
  }
  if (line.name !== 'wait4' || line.result === 0) return null;
  if (/^-?\d+, NULL,/.test(line.args)) return { pid: line.result, end: null };
  const exited = /WEXITSTATUS\(s\) == (\d+)/.exec(line.args)?.[1];
  if (exited !== undefined) return { pid: line.result, end: `exit ${exited}` };
  const [, signal, core] = /WTERMSIG\(s\) == (SIG\w+)( && WCOREDUMP\(s\))?/.exec(line.args) ?? [];
  if (signal === undefined) return null;
  return { pid: line.result, end: core === undefined ? signal : `${signal}, core dumped` };
}
