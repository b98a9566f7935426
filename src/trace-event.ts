/**
 * The vocabulary that every room shares: what the kernel traced (`TraceEvent`), what it lost (`Loss`), what a
 * reader could not read (`Damage`), and what was seen beside the trace (`TraceNote`). They travel together, in
 * order, as an `EventBatch`.
 *
 * Text, ring-buffer pages and captures all give these same shapes, so nothing after a reader knows where an
 * event came from.
 */
import { isPassedOver, type DamageCode } from './trace-error';

/** A global thread id: what the kernel's tracepoints call `pid`. In the initial pid namespace. */
export type Tid = number;

/**
 * One value of one field. 64-bit values beyond 2^53 are strings in hex (`0xffffffffffffff9c`), so that a value
 * is never rounded. `sys_exit_*` `ret` is signed: -2, not 0xfffffffffffffffe.
 */
export type FieldValue = number | string | boolean | readonly (number | string)[];

export type EventFields = Readonly<Record<string, FieldValue>>;

/** One event, as `ftrace-life events --format ndjson` prints it. */
export interface TraceEvent {
  /** Seconds on the trace clock, as ftrace prints it; whole ticks for `counter`, `uptime` and `x86-tsc`. */
  readonly ts: number;
  readonly cpu: number;
  /** The thread in whose context the event happened; for an interrupt, the thread it interrupted. */
  readonly pid: Tid;
  /** Its thread group, where the trace says it. */
  readonly tgid: number | null;
  /** Its name at that time, at most 15 bytes; null where the trace does not know (`<...>`). */
  readonly comm: string | null;
  /** The kernel's name of the event: `sys_enter_openat`, `signal_generate`, a probe's own name. */
  readonly name: string;
  /** Under the field names of the event's `format` file, also where the text prints others (`grp`, `res`). */
  readonly fields: EventFields;
  /** The call trace that a `stacktrace` trigger put after the event, innermost first. */
  readonly stack?: readonly string[] | undefined;
  /** The irqs-off/resched/hardirq/preempt columns as ftrace prints them: `d..1.`; '' where the trace has none. */
  readonly flags: string;
  /** The name of the ftrace instance whose buffer it was in; absent for the top one and for a session's own. */
  readonly instance?: string | undefined;
  /** One field without decoding the others; absent on plain events. `fieldOf` asks either kind. */
  field?(name: string): FieldValue | undefined;
}

/** One field of an event, decoded alone where the event can do that. Undefined where it has none of that name. */
export function fieldOf(event: TraceEvent, name: string): FieldValue | undefined {
  return event.field === undefined ? event.fields[name] : event.field(name);
}

/** Events that the kernel dropped on one CPU, or that a hole in the file swallowed. */
export interface Loss {
  /** -1 where it may be any. */
  readonly cpu: number;
  /** Seconds on the trace clock of the first event after the gap; null at the end of a trace. */
  readonly ts: number | null;
  /** How many; null where the kernel could not store the number. */
  readonly count: number | null;
}

/** Input that could not be read, with its place. Reading goes on after it. */
export interface Damage {
  /** What it is; `DAMAGE` has a text for each. */
  readonly code: DamageCode;
  /** Bytes from the start of the file, or of the page for a live ring buffer. */
  readonly atByte: number;
  /** 1-based, for text. */
  readonly line?: number;
  /** What was there, cut to 200 characters. */
  readonly excerpt?: string;
}

/** Whether input was passed over; else the event is there, but its place in the trace or a value is in doubt. */
export function isUnexplained({ code }: Damage): boolean {
  return isPassedOver(code);
}

/** One line of `/proc/PID/maps`. Addresses below 2^53; file offsets in bytes. */
export interface MapsEntry {
  readonly start: number;
  readonly end: number;
  /** `r-xp` */
  readonly perms: string;
  readonly offset: number;
  /** `fe:00`, hexadecimal major:minor */
  readonly dev: string;
  readonly inode: number;
  /** Without ` (deleted)`; '' for anonymous memory; `[heap]`, `[stack]`, ... */
  readonly path: string;
  readonly deleted: boolean;
}

/** What was seen beside the trace while it ran. Saved with it, so that a saved trace tells the same story. */
export type TraceNote =
  | {
      readonly kind: 'trace';
      /** `uname -r` of the traced machine. */
      readonly kernel: string;
      readonly clock: string;
      readonly cpus: number;
      /** `uname -n` of it, and what names this one of its boots (/proc/sys/kernel/random/boot_id). */
      readonly host?: string;
      readonly boot?: string;
      /** The same moment on the trace clock and on the wall, in seconds since 1970. */
      readonly wall?: { readonly ts: number; readonly unixSeconds: number };
    }
  | {
      /** The traced parent, and who it is to run. */
      readonly kind: 'workload';
      readonly parent: Tid;
      /** The child that runs the command, or tries to; absent in a trace from before it was forked. */
      readonly command?: Tid;
      readonly path: string;
      readonly argv: readonly string[];
      /** Where it starts, absolute; absent in a trace that does not say. */
      readonly cwd?: string;
      /** The session's own signal, by which it asks the traced parent to send another: not the workload's. */
      readonly control: { readonly signal: string; readonly sender: Tid } | null;
    }
  | {
      readonly kind: 'maps';
      readonly pid: number;
      /** When it was read, on the trace clock: only mappings older than this can be compared. */
      readonly ts: number;
      readonly maps: readonly MapsEntry[];
    }
  | {
      /** What /proc said of a process that ran before the trace, when the session attached to it. */
      readonly kind: 'attached';
      readonly pid: Tid;
      /** On the trace clock, before the first of this was read. */
      readonly ts: number;
      readonly comm: string;
      readonly parent: Tid;
      /** Seconds from the machine's start to its own. */
      readonly started: number;
      /** All its threads, the first among them. */
      readonly threads: readonly Tid[];
      readonly argv: readonly string[];
      /** The program, as /proc/PID/exe has it; null where that may not be read, and for kernel threads. */
      readonly exe: string | null;
      readonly cwd: string | null;
      /** `path` as /proc/PID/fd has it: also `pipe:[4711]`, `socket:[4712]`, `anon_inode:[eventpoll]`. */
      readonly files: readonly {
        readonly fd: number;
        readonly path: string;
        readonly closeOnExec: boolean;
      }[];
      readonly maps: readonly MapsEntry[];
      /** Numbers of the signals that it catches, and that it ignores. */
      readonly caught: readonly number[];
      readonly ignored: readonly number[];
    }
  | {
      /** /proc/PID/cmdline, read in that time: the arguments of the program that it ran then. */
      readonly kind: 'arguments';
      readonly pid: Tid;
      readonly ts: number;
      readonly until: number;
      readonly argv: readonly string[];
    }
  | {
      /**
       * Who a process is, as /proc said: one of the tree, or somebody outside of it who sent it a signal. What may not
       * be read, or is not there any more, is null.
       */
      readonly kind: 'who';
      /** The thread that the trace names, and its process. */
      readonly pid: Tid;
      readonly tgid: number;
      /** When it was read, on the trace clock. */
      readonly ts: number;
      /** The event for which it was read: it says nothing of the time before. At most `ts`. */
      readonly since: number;
      /** The thread's name. */
      readonly comm: string;
      readonly exe: string | null;
      /** The real user id, and its name in /etc/passwd. */
      readonly uid: number | null;
      readonly user: string | null;
      readonly ppid: Tid | null;
      readonly cgroup: string | null;
      /** The process's, in clock ticks since boot. */
      readonly startTime: number | null;
      /** Its parent first, up to the first process of the machine or of the pid namespace. */
      readonly ancestors: readonly { readonly pid: Tid; readonly comm: string | null }[];
      /** The process's name, which is its first thread's; absent in notes that do not say. */
      readonly process?: string | null;
      /** Its controlling terminal (`pts/3`), and the leader of its session (setsid(2)). */
      readonly tty?: string | null;
      readonly session?: Tid | null;
      /**
       * It was gone before /proc could be read: user, cgroup, terminal and session are those of this ancestor, from whom
       * a process inherits them.
       */
      readonly inheritedFrom?: Tid;
    }
  | {
      /**
       * A signal that the session is about to send, or has its traced parent send, and why. It is the one of that number
       * from this sender to this target in this time.
       */
      readonly kind: 'control';
      /** The process that sends it. */
      readonly sender: Tid;
      /** `SIGTERM`. */
      readonly signal: string;
      /** The process that gets it; null for all that the session runs. */
      readonly target: Tid | null;
      /** On the trace clock; `until` null where another process sends it, as soon as it gets to it. */
      readonly from: number;
      readonly until: number | null;
      /** `time limit of 5 s`, `disarm`, ... */
      readonly reason: string;
    }
  | {
      /** The limit that held where the OOM killer chose a process, read just after `ts`, the time of oom/mark_victim. */
      readonly kind: 'memory-limit';
      readonly pid: Tid;
      readonly ts: number;
      /** The cgroup that has the limit: that of the process, or one above it. */
      readonly cgroup: string;
      readonly bytes: number;
    }
  /** A file that the trace names by device and inode only. `dev` as the kernel's dev_t: major << 20 | minor. */
  | { readonly kind: 'inode'; readonly dev: number; readonly ino: number; readonly path: string }
  /** How it went in the kernel's own statistics, at the end. */
  | { readonly kind: 'end'; readonly ts: number; readonly overrun: number; readonly dropped: number };

/**
 * A batch for who goes through many events and looks at few: what decides whether to look, without an object for each.
 */
export interface EventScan {
  /** Names as numbers, small ones, the same in all batches with the same `names`. */
  readonly names: object;
  /** -1 where the trace has too many names to number them: then the event itself tells it. */
  kindAt(index: number): number;
  nameOf(kind: number): string;
  tsAt(index: number): number;
  /** As the batch's own `at`; the index is not checked. */
  eventAt(index: number): TraceEvent;
}

/**
 * A run of events in time order, with what was lost, damaged and noted among them. Immutable, so it may be
 * passed on without a copy; its events may be decoded only when they are looked at.
 */
export interface EventBatch extends Iterable<TraceEvent> {
  readonly length: number;
  at(index: number): TraceEvent;
  /** Absent where the events are objects already. */
  scan?(): EventScan;
  readonly lost: readonly Loss[];
  readonly damage: readonly Damage[];
  readonly notes: readonly TraceNote[];
  /** Plain objects, each decoded. */
  toArray(): TraceEvent[];
  toJSON(): unknown;
}
