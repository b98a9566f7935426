/** Lives out of strace's log. It never says what a signal did: its disposition is followed through rt_sigaction. */
import path from 'node:path';
import { defaultAction, signalNumber } from '../../src/kernel/signals';
import type { Fate, Life } from './life';
import { readStraceLog, waitedFor, type CallLine, type StraceLine } from './strace-log';

/** What has to be traced for this. */
export const STRACE_OPTIONS = [
  '-f',
  '-ttt',
  '-e',
  'trace=%process,rt_sigaction,rt_sigtimedwait,chdir',
] as const;

const SENDING = new Set(['kill', 'tgkill', 'rt_sigqueueinfo']);
const FORKS = new Set(['clone', 'clone3', 'fork', 'vfork']);

type Disposition = 'handled' | 'ignored';

interface Process extends Life {
  readonly dispositions: Map<string, Disposition>;
  readonly parent: Process | null;
  cwd: string;
}

interface Birth {
  readonly parent: number;
  readonly call: CallLine;
}

class StraceLives {
  readonly #births = new Map<number, Birth>();
  readonly #processes = new Map<number, Process>();
  /** By thread. */
  readonly #processOf = new Map<number, Process>();
  readonly #kills: CallLine[] = [];
  root: Process | null = null;

  readonly #cwd: string;

  constructor(lines: readonly StraceLine[], cwd: string) {
    this.#cwd = cwd;

    // A child of vfork has lines of its own before its parent's call returns.
    for (const line of lines)
      if (line.kind === 'call' && FORKS.has(line.name) && line.result !== null && line.result > 0)
        this.#births.set(line.result, { parent: line.tid, call: line });
    for (const line of lines) this.#apply(line);
    // No wait that strace saw returned these.
    for (const life of this.#processes.values()) if (life.end !== null) life.reaped ??= 'outside';
  }

  #meet(tid: number): Process {
    const known = this.#processOf.get(tid);
    if (known) return known;
    const birth = this.#births.get(tid);
    if (birth === undefined && this.root !== null) throw new Error(`nobody has born ${tid}`);
    const parent = birth ? this.#meet(birth.parent) : null;
    if (birth?.call.args.includes('CLONE_THREAD') === true) {
      this.#processOf.set(tid, parent!);
      return parent!;
    }
    const process: Process = {
      pid: tid,
      born: birth?.call.entered ?? 0,
      call: birth?.call.name ?? null,
      children: [],
      execs: [],
      signals: [],
      asked: [],
      end: null,
      reaped: null,
      dispositions: new Map(
        birth?.call.args.includes('CLONE_CLEAR_SIGHAND') === true ? [] : parent?.dispositions,
      ),
      parent,
      cwd: parent?.cwd ?? this.#cwd,
    };
    parent?.children.push(process);
    this.root ??= process;
    this.#processes.set(tid, process);
    this.#processOf.set(tid, process);
    return process;
  }

  #apply(line: StraceLine): void {
    const process = this.#meet(line.tid);
    if (line.kind === 'call') this.#called(process, line);
    if (line.kind === 'signal') {
      const { ts, signal, code, sender } = line;
      const from = sender === null ? null : (this.#processes.get(sender) ?? 'outside');
      process.signals.push({ ts, signal, code, sender: from, fate: fateOf(process, signal) });
    }
    if (line.kind === 'end' && line.tid === process.pid) {
      process.end =
        line.signal === null
          ? `exit ${line.code ?? ''}`
          : `${line.signal}${line.coreDumped ? ', core dumped' : ''}`;
      // Ptrace has no stop for it (kernel/signal.c, get_signal): its sender is whoever called kill.
      if (line.signal === 'SIGKILL') this.#killed(process, line.ts);
      const toldNobody = process.parent?.dispositions.get('SIGCHLD') === 'ignored';
      if (toldNobody && process.parent.end === null) process.reaped ??= 'nobody';
    }
  }

  #called(process: Process, line: CallLine): void {
    const { name, args, result, error } = line;
    if (FORKS.has(name) && result !== null && result > 0) this.#meet(result);
    if (name === 'execve' || name === 'execveat') {
      if (result === 0 || error !== null) process.execs.push({ path: programOf(process, name, args), error });
      // flush_signal_handlers: handlers are gone with the program, what is ignored stays so.
      if (result === 0)
        for (const [signal, disposition] of process.dispositions)
          if (disposition === 'handled') process.dispositions.delete(signal);
    }
    if (name === 'chdir' && result === 0)
      process.cwd = path.resolve(process.cwd, /^"(.*)"$/.exec(args)?.[1] ?? '');
    if (name === 'rt_sigaction' && result === 0) setDisposition(process, args);
    if (name === 'rt_sigtimedwait') this.#took(process, line);
    // Whoever kills itself does not see its call return.
    if (SENDING.has(name) && error === null) this.#sent(line);
    const waited = waitedFor(line);
    if (waited === null) return;
    const child = this.#processes.get(waited.pid);
    if (child === undefined) throw new Error(`a wait returned ${waited.pid}, who was never born`);
    // A wait without a status also tells of a stop: its child has not ended then.
    if (waited.end === null && child.end === null) return;
    if (waited.end !== null && child.end !== waited.end)
      throw new Error(`${waited.pid} ended by ${child.end ?? ''}, and wait says ${waited.end}`);
    child.reaped = { by: process, call: name };
  }

  #took(process: Process, { ts, args, result }: CallLine): void {
    const [, signal, code] = /si_signo=(SIG\w+), si_code=(\w+)/.exec(args) ?? [];
    if (result === null || result <= 0 || signal === undefined || code === undefined) return;
    const sender = /si_pid=(\d+)/.exec(args)?.[1];
    const from = sender === undefined ? null : (this.#processes.get(Number(sender)) ?? 'outside');
    process.signals.push({ ts, signal, code, sender: from, fate: 'taken' });
  }

  #sent(call: CallLine): void {
    const signal = /SIG\w+/.exec(call.args)?.[0];
    if (signal === undefined) return;
    if (signal === 'SIGKILL') this.#kills.push(call);
    this.#processes.get(Number(call.args.split(',')[0]))?.asked.push(signal);
  }

  #killed(process: Process, ts: number): void {
    const targets = (call: CallLine): number => Number(call.args.split(',')[0]);
    const kill =
      this.#kills.findLast((call) => targets(call) === process.pid) ??
      this.#kills.findLast((call) => targets(call) <= 0);
    const sender = kill === undefined ? 'outside' : this.#processOf.get(kill.tid)!;
    const code = kill?.name === 'tgkill' ? 'SI_TKILL' : 'SI_USER';
    process.signals.push({ ts, signal: 'SIGKILL', code, sender, fate: 'fatal' });
  }
}

function programOf(process: Process, name: string, args: string): string | null {
  const given = /"((?:[^"\\]|\\.)*)"/.exec(args)?.[1];
  if (given === undefined) return null;
  const descriptor = name === 'execveat' ? /^\d+/.exec(args)?.[0] : undefined;
  // fs/exec.c, alloc_bprm: so the kernel calls what has no name of its own.
  if (descriptor !== undefined && given === '') return `/dev/fd/${descriptor}`;
  return path.resolve(process.cwd, given);
}

function setDisposition(process: Process, args: string): void {
  const signal = /^(SIG\w+)/.exec(args)?.[1];
  const handler = /^\w+, \{sa_handler=(\w+)/.exec(args)?.[1];
  if (signal === undefined || handler === undefined) return;
  if (handler === 'SIG_DFL') process.dispositions.delete(signal);
  else process.dispositions.set(signal, handler === 'SIG_IGN' ? 'ignored' : 'handled');
}

function fateOf(process: Process, signal: string): Fate {
  const disposition = process.dispositions.get(signal);
  if (disposition) return disposition;
  const action = defaultAction(signalNumber(signal) ?? 0);
  if (action === 'ignore' || action === 'continue') return 'ignored';
  return action === 'stop' ? 'stops' : 'fatal';
}

/** @param cwd where the command was started: strace has relative names as they were given */
export function livesInStraceLog(text: string, cwd: string): Life {
  const { root } = new StraceLives(readStraceLog(text), cwd);
  if (root === null) throw new Error('an empty log of strace');
  return root;
}
