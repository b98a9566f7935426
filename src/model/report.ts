/**
 * The shapes that come out of the model: a report (`ftrace-life report --format json`), its parts, and the
 * stages that make it up as they happen. Fixed for the tools that read them: keys are added, never changed.
 *
 * `ts` is seconds on the trace clock, `time` ISO 8601 wall time where it is known. Unknown is null, never 0.
 */
import type { Damage, Loss, Tid } from '../trace-event';

export const REPORT_SCHEMA = 'lifecycle/1';

/** Where a file's name came from. */
export type NameSource =
  /** the syscall event itself carries the string (6.19 and later) */
  | 'syscall'
  /** a probe's string argument */
  | 'probe'
  /** `sched_process_exec` filename */
  | 'exec-event'
  /** device and inode in a page-cache event, resolved by stat */
  | 'inode'
  /** the mapping at the same address in /proc/PID/maps */
  | 'maps'
  /** /proc/PID/fd, when the session attached to the process: it was open before the trace */
  | 'proc';

export interface Fork {
  ts: number;
  time: string | null;
  /** The thread that called. */
  by: Tid;
  /** `clone`, `clone3`, `fork`, `vfork`; null where only the scheduler's event was seen. */
  call: string | null;
  /** `CLONE_CHILD_SETTID`, ...; empty where the trace does not have them. */
  flags: string[];
  /** When the call returned in the parent, and in the child (the child's first moment on a CPU). */
  parentReturn: number | null;
  childReturn: number | null;
}

export interface Exec {
  ts: number;
  time: string | null;
  path: string | null;
  argv: string[] | null;
  /**
   * `session`: what it was asked to run. `proc`: /proc/PID/cmdline, read after its exec was seen: the program may have
   * overwritten it by then (setproctitle).
   */
  argvSource: 'session' | 'proc' | 'probe' | null;
  /** `ENOENT`, ...; null for success. */
  error: string | null;
  nameSource: NameSource | null;
  call: string;
}

export interface Library {
  path: string | null;
  /** The name that was opened, where it is another one (a symlink, a relative name). */
  opened: string | null;
  ts: number;
  base: number;
  end: number;
  nameSource: NameSource | null;
  /** True: /proc/PID/maps shows this file at this address. Null: no snapshot was taken after the mapping. */
  inMaps: boolean | null;
}

export interface OpenedFile {
  ts: number;
  path: string | null;
  fd: number | null;
  error: string | null;
  nameSource: NameSource | null;
  call: string;
}

/**
 * Who a process is beyond its name: what /proc said of it while it lived (`TraceNote` `who`). A process that was gone
 * before it could be read has none, and what may not be read is null.
 */
export interface Identity {
  /** /proc/PID/exe. */
  exe: string | null;
  /** The real user id, and its name where the machine has one. */
  uid: number | null;
  user: string | null;
  ppid: Tid | null;
  /** The path in the cgroup hierarchy (version 2), as the last line of /proc/PID/cgroup has it. */
  cgroup: string | null;
  /** Its systemd unit and its container's id, where the cgroup's path names one. */
  unit: string | null;
  container: string | null;
  /** Clock ticks since boot (/proc/PID/stat, field 22). With the pid it names one process for as long as the machine is up. */
  startTime: number | null;
  /** Its parent, grandparent, ..., as far as they are known. */
  ancestors: { pid: Tid; comm: string | null }[];
  /** Its controlling terminal (`pts/3`), and the pid of its session's leader; null where it has none, absent where nobody looked. */
  tty?: string | null;
  session?: Tid | null;
  /**
   * It was gone before /proc could be read: user, cgroup, unit, container, terminal and session are those of this ancestor.
   * Absent where they are its own.
   */
  inheritedFrom?: Tid;
  /** On the trace clock, the event for which it was read: what the process was before, nobody looked. */
  since?: number;
}

/** A system call of a signal's target before the signal: what it was doing. */
export interface PrecedingCall {
  ts: number;
  tid: Tid;
  /** `openat`. */
  call: string;
  /** As a line for a person: `openat("/etc/passwd") = 3`; without ` = ` where it had not returned. */
  text: string;
}

/** Who had what done to them: `origin` is read from the call trace (KERNEL: kernel/signal.c and its callers). */
export type SignalOrigin =
  | 'kill'
  | 'tgkill'
  | 'rt_sigqueue'
  | 'pidfd'
  | 'oom'
  | 'fault'
  | 'timer'
  | 'tty'
  | 'pipe'
  | 'child'
  | 'pdeath'
  | 'cgroup'
  | 'orphaned-pgrp'
  | 'pidns'
  | 'seccomp'
  | 'ptrace'
  | 'bpf'
  | 'kernel'
  | 'unknown';

export type SignalResult =
  /** queued, and delivered to a thread */
  | 'delivered'
  /** queued, and never delivered: blocked until the end, or SIGCONT and stop signals took each other away */
  | 'pending'
  /** dropped when sent: SIG_IGN, or a default action that does nothing */
  | 'ignored'
  /** one of the same number was pending already */
  | 'coalesced'
  /** queue full: not sent at all */
  | 'overflow'
  /** queued, but its siginfo was lost */
  | 'info-lost'
  /** events were lost between, or the target is not traced, so nobody can say */
  | 'unknown';

/**
 * The task that sent a signal, and the process that it belongs to, as both were at that moment. What is optional here is
 * absent only in records that version 0.1.0 wrote.
 */
export interface Sender {
  /** What the kernel calls the sender: a task's id. */
  pid: Tid;
  /** The same number; null for an interrupt, which interrupts whoever runs. */
  tid?: Tid | null;
  /** The process; null where the trace does not say. */
  tgid?: Tid | null;
  /** The process's name. */
  comm: string | null;
  /** The sending thread's name; null where it is not known. */
  thread?: string | null;
  /** Its parent, grandparent, ... up to its unit's or session's first process; empty where nobody knows. */
  ancestors?: { pid: Tid; comm: string | null }[];
  inTree: boolean;
  irq: boolean | null;
  /** Why the session itself sent it: `time limit of 5 s`, `disarm`; null for everybody else's signals. */
  control?: string | null;
  /** Absent where nothing but the name is known. */
  identity?: Identity;
}

/** A signal's arrival at a thread. */
export interface Delivery {
  ts: number;
  tid: Tid;
  /** `default`, `ignore`, the handler's address (`0x55f324e07ad0`), or `rt_sigtimedwait` for sigwait. */
  handler: string;
  stack: string[];
  /** Seconds from the delivery to the handler's rt_sigreturn; null where it did not return or was not traced. */
  handlerTime?: number | null;
  /** The system call that the signal interrupted, and whether the kernel restarted it; null where there was none. */
  interrupted?: { call: string; restarted: boolean } | null;
}

export interface SignalRecord {
  ts: number;
  time: string | null;
  signal: string;
  number: number;
  /** si_code as a name where it has one (`SI_USER`, `CLD_KILLED`, `SEGV_MAPERR`), else the number. */
  code: string | number | null;
  result: SignalResult;
  origin: SignalOrigin;
  /**
   * Why the kernel sent it, as a phrase: `Ctrl-C on pts/3`, `urgent data on its socket`; null where its sender is the
   * whole cause, or nothing is known.
   */
  cause?: string | null;
  /** This signal ended its target. */
  fatal: boolean;
  /** The session's own control signal to the traced parent, which the workload never sees. */
  control: boolean;
  sender: Sender | null;
  target: { pid: Tid; tgid: number; comm: string | null };
  generated: { ts: number; stack: string[] } | null;
  delivered: Delivery | null;
  /** Seconds from generated to delivered. */
  latency: number | null;
  /** Sent to the whole process and not to one thread of it; absent where the trace does not say. */
  group?: boolean;
  /** Of a fatal one: whether its target left a core dump; absent or null where nobody can say. */
  coreDumped?: boolean | null;
  /** The last traced calls of its target before it, oldest first; absent where there are none. */
  before?: PrecedingCall[];
}

export interface Exit {
  ts: number;
  time: string | null;
  kind: 'exited' | 'signaled';
  /** 0 to 255 for `exited`, else null. */
  code: number | null;
  /** The signal's name for `signaled`, else null. */
  signal: string | null;
  coreDumped: boolean | null;
  /** One sentence with the evidence: "SIGKILL from bash (4994), __x64_sys_kill". */
  cause: string;
  /**
   * Where a chain of causes began: SIGTERM that was handled and raised again, a fault whose handler aborted.
   * Null where the end has no cause before the one in `cause`.
   */
  root?: RootCause | null;
}

export interface RootCause {
  /** Its index in the report's `signals`. */
  signal: number;
  /** Its name, and when it was sent: what finds it where there are no indexes, as among stages. */
  name: string;
  ts: number;
  by: Sender | null;
  /** From the first cause to the end, a sentence each: "node (812) raised SIGTERM again 52 µs later". */
  way: string[];
}

export interface Reap {
  ts: number;
  time: string | null;
  by: Tid;
  call: string | null;
  /** Seconds as a zombie. */
  zombieFor: number | null;
}

/** What /proc said of a process that ran before the trace. */
export interface Attached {
  ts: number;
  time: string | null;
  /** The program that it ran; null where /proc/PID/exe may not be read. */
  program: string | null;
  argv: string[] | null;
  cwd: string | null;
  /** The pid of its parent, which is not in the trace. */
  parent: Tid;
  /** What it had open. */
  files: { fd: number; path: string }[];
}

/**
 * What a watch follows under one name, whichever process it is at the moment: when one ends and another takes its place,
 * the service is the same, in its next generation.
 */
export interface Service {
  /** The selector that it matched, as it was written: `unit:web.service`. */
  selector: string;
  /** The unit, container or program that restarts under this name. */
  name: string;
  /** 1 for the first that the watch saw, one more with each that takes the place of one that ended. */
  generation: number;
  /** The one before; null for the first. */
  previous: PreviousGeneration | null;
}

export interface PreviousGeneration {
  /** Its `id`. */
  process: string;
  /** When it ended, and by which signal; null where no signal ended it. */
  ts: number;
  time: string | null;
  signal: string | null;
}

export type ProcessState = 'running' | 'zombie' | 'reaped' | 'autoreaped' | 'unknown';

export interface ProcessRecord {
  /** Unique in the report also where a pid is used twice: `5441@9978.187638`. */
  id: string;
  pid: Tid;
  tgid: number;
  /** The `id` of the process that forked it; null for the first. */
  parent: string | null;
  comm: string | null;
  commHistory: { ts: number; comm: string }[];
  /** What it is to the session: the traced parent, the command, one that was attached to, or a child of these. */
  role: 'parent' | 'workload' | 'attached' | 'descendant' | null;
  /** The last that /proc said of it; absent where it said nothing. */
  identity?: Identity;
  /** Who it was before, in order: another program, or another user, since an earlier exec. Absent where there is none. */
  earlierIdentities?: Identity[];
  /** What it was when the session attached to it; null for one that was not there before. */
  attached: Attached | null;
  fork: Fork | null;
  execs: Exec[];
  libraries: Library[];
  files: OpenedFile[];
  /** All but the first thread, whose tid is the pid. */
  threads: { tid: Tid; start: number | null; end: number | null }[];
  /** Indexes into `signals`: those sent to this process. */
  signals: number[];
  exit: Exit | null;
  reap: Reap | null;
  state: ProcessState;
  incomplete: string[];
}

/** What the whole tree came to: the first line of every form of the report. */
export interface TreeVerdict {
  /** "1 of 4 killed: python3 (812), by the OOM killer, limit of cgroup /pod". */
  text: string;
  /** The ids of processes that ended badly, and of those that outlived the command. */
  ended: string[];
  outlived: string[];
}

export interface Report {
  schema: typeof REPORT_SCHEMA;
  verdict: TreeVerdict;
  trace: {
    source: 'text' | 'raw' | 'trace.dat' | null;
    kernel: string | null;
    clock: string | null;
    cpus: number | null;
    start: number | null;
    end: number | null;
    /** Wall time of `start`, ISO 8601. */
    time: string | null;
    /** The machine's name, and its boot's id (/proc/sys/kernel/random/boot_id); absent where the trace does not say. */
    host?: string;
    boot?: string;
    events: number;
    /** Events lost; null where a gap has no number. */
    lost: number | null;
    /** Lines or records that could not be read. */
    unexplained: number;
    incomplete: string[];
  };
  processes: ProcessRecord[];
  signals: SignalRecord[];
  lost: Loss[];
  damage: Damage[];
}

/** What happened to one process at one moment: `lifecycle-parse`'s first output. */
export type StageName =
  | 'fork'
  | 'exec'
  | 'exec-failed'
  | 'library'
  | 'maps'
  | 'thread'
  | 'thread-exit'
  | 'rename'
  | 'signal-generated'
  | 'signal-delivered'
  | 'signal-returned'
  | 'signal'
  | 'exit'
  | 'zombie'
  | 'reap'
  | 'gone'
  | 'lost';

export interface Stage {
  stage: StageName;
  ts: number;
  time: string | null;
  pid: Tid;
  tgid: number;
  comm: string | null;
  /** The process's `id` in the report; null for `lost`. */
  process: string | null;
  /** One line for a person: "a.out (5441) mapped /lib64/libc.so.6 at 0x7fef041e8000". */
  text: string;
  /** The part of the report that the stage adds: a Fork, Exec, Library, SignalRecord, Exit, Reap, Loss. */
  detail: unknown;
  /**
   * Who it happened to, for the verdict. Only on `signal-generated`, `exit`, `zombie` and `signal`, which comes once for
   * each signal, when its outcome is settled (delivered, ignored, coalesced, its target's death, the end of the trace).
   */
  target?: SignalTarget;
}

export interface SignalTarget {
  id: string;
  comm: string | null;
  path: string | null;
  ancestors: { pid: Tid; comm: string | null }[];
  /** As in its `ProcessRecord`. */
  role?: ProcessRecord['role'];
  /** In a watch: the service that it is of; absent where it is of none. */
  service?: Service;
  /** Why what is known of it may be less than the whole truth, as in its `ProcessRecord`. */
  incomplete?: string[];
  /** Absent where /proc said nothing of it. */
  identity?: Identity;
}

/** What signal-filter sends from its first output. */
export type Severity = 'info' | 'notice' | 'warning' | 'error' | 'critical';

/** What an alert is about: a signal (alone, in a sequence, or too many of them), a life, or the trace itself. */
export type AlertSubject = 'signal' | 'exit' | 'zombie' | 'loss';

/** What a signal led to. */
export interface AlertOutcome {
  kind:
    | 'killed'
    | 'stopped'
    | 'continued'
    | 'handled'
    | 'taken'
    | 'ignored'
    | 'pending'
    | 'coalesced'
    | 'not-sent'
    | 'delivered'
    | 'unknown';
  coreDumped: boolean | null;
}

export interface Alert {
  /** For a person: who did what to whom, what came of it, and what helps to act. */
  text: string;
  /** The same for the same alert, however often a trace is read: a hash of what, whom, when and how many. */
  id: string;
  about: AlertSubject;
  severity: Severity;
  rule: string;
  reason: string;
  fingerprint: string;
  count: number;
  /** On the trace clock; `time` is the wall time of `last`. */
  first: number;
  last: number;
  time: string | null;
  /** Null for what no signal did: a zombie, lost events. With repeats, the last one. */
  signal: SignalRecord | null;
  /** The signals that came before it and belong to the pattern: the SIGTERM before the SIGKILL. */
  earlier: SignalRecord[];
  /** Null for lost events. */
  process: SignalTarget | null;
  outcome: AlertOutcome | null;
  /** Why it may be less than the whole truth: events lost, a process not traced from its start. */
  incomplete: string[];
}
