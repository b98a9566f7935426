/** The shapes of a workload: what is to be run, and what is reported of it while it runs. */
import type { AllowedCommand } from './allowed-command';

export interface WorkloadSettings {
  readonly command: string;
  readonly args: readonly string[];
  /** Run `command` as a line of `sh -c`; only where the user asked for it. */
  readonly shell: boolean;
  readonly cwd: string | null;
  /** Added to our own environment; null removes a variable. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Sent by the traced parent, this long after the command was let go. */
  readonly kill: { readonly signal: string; readonly afterSeconds: number } | null;
  /** SIGTERM to the whole process group after this long, SIGKILL 2 s later. */
  readonly timeLimitSeconds: number | null;
  /**
   * Descriptors of ours to hand on as standard input, output and error, as a command line does. Null: an empty
   * input, and outputs that come line by line to the sinks.
   */
  readonly handOn: readonly [stdin: number, stdout: number, stderr: number] | null;
  /** The programs that an administrator lets run, the shell among them or not; null for any. */
  readonly allowed: readonly AllowedCommand[] | null;
}

export interface WorkloadSinks {
  /** Whole lines without their newline; the last may have had none. */
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

/** How it ended. Exactly one of code and signal is set; both are null where nobody can say. */
export interface WorkloadEnd {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
  /** Seconds from letting it go until it was reaped. */
  readonly seconds: number;
  readonly timedOut: boolean;
}

export interface Workload {
  /** The command's pid; known before its first instruction. */
  readonly pid: number;
  /** The traced parent's pid; null for a command that runs untraced. */
  readonly parentPid: number | null;
  readonly argv: readonly string[];
  /** Resolves when it is reaped; never rejects. */
  readonly ended: Promise<WorkloadEnd>;
  /** Has the traced parent send `signal` (`SIGTERM`) to the command. */
  kill(signal: string): void;
  /** SIGTERM to the whole process group, SIGKILL 2 s later; resolves when nothing of it is left. */
  stop(): Promise<void>;
}
