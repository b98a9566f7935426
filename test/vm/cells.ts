/** What a guest says to the machine that runs it, one line of JSON each, and the table that comes of it. */
import type { FileNameSource } from '../../src/tracefs/name-sources';

export type Outcome = 'ok' | 'incomplete' | 'WRONG' | 'not run';

/** One scenario on one kernel. */
export interface Cell {
  readonly id: string;
  readonly outcome: Outcome;
  /** What is missing, what is wrong, or why it was not run; empty for `ok`. */
  readonly reason: string;
  readonly seconds: number;
  /** For a look, and for golden traces. */
  readonly recorded?: Recorded;
}

export interface Recorded {
  /** What the scenario's program said. */
  readonly said: readonly string[];
  /** Who did what the scenario needs done from outside of the tree. */
  readonly outsider: number;
  /** The capture, gzipped, in base64. */
  readonly capture: string;
}

export interface GuestKernel {
  readonly release: string;
  readonly fileNames: FileNameSource;
  /** What `ftrace-life doctor` finds missing or limited. */
  readonly limits: readonly string[];
}

export type GuestLine =
  | { readonly kernel: GuestKernel }
  | { readonly cell: Cell }
  /** The exit status of the guest's runner. */
  | { readonly exit: number };

/** What the guest is asked; it finds it in its root, as /vm/request.json. */
export interface GuestRequest {
  /** Which scenarios, by id; null for all. */
  readonly only: readonly string[] | null;
  /** Whose captures are sent along, by id; those of `WRONG` cells always are. */
  readonly keep: readonly string[] | 'all';
  /** Compiled programs: by source and flags, as compileProgram calls them. */
  readonly programs: Readonly<Record<string, string>>;
  /** The walk-through's program. */
  readonly spin: string;
}
