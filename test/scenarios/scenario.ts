/**
 * A kind of life: a program that lives it, and what must be reported of it. The program says on its standard output what
 * it did and what `wait` gave it (src/truth.h), so that the report is held against the truth and not against itself.
 */
import type { Report } from '../../src/model/report';
import type { Told } from './told';

/** A recorded run of one scenario. */
export interface Recording {
  readonly report: Report;
  /** What the command printed on its standard output. */
  readonly lines: readonly string[];
  /** Who did what `Scenario.outside` does; this process, where nothing is said. */
  readonly outsider?: number;
}

/**
 * Runs a command under a session, and gives its report and its output. `onLine` hears each line while it runs: that
 * is how somebody outside of the traced tree learns when and to whom to do something.
 */
export type Recorder = (
  argv: readonly string[],
  onLine: (line: string) => void,
  /** Kibibytes of ring buffer for each CPU; more than enough where it is not given. */
  bufferKb?: number,
) => Promise<Recording>;

/** 'ok', or what this kernel's trace does not have and the report itself admits. */
export type Verdict = 'ok' | { readonly incomplete: string };

export interface Scenario {
  /** A sentence: "tells ...". */
  readonly name: string;
  /** The program, `src/PROGRAM.c`, and which of its scenes. */
  readonly program: string;
  readonly scene: string;
  /** More flags for the compiler, such as `-static`. */
  readonly flags?: readonly string[];
  /** Put in front of the program: `strace -f -o /dev/null`. */
  readonly under?: readonly string[];
  /** A ring buffer that is too small: events are lost, and what is reported must be right all the same. */
  readonly bufferKb?: number;
  /** What somebody outside of the tree does at a line of the program. */
  readonly outside?: (line: Line) => void;
  /** What only a probe is sure to tell: a kernel without probes may leave it open. */
  readonly needsProbes?: boolean;
  /**
   * Reasons of incompleteness that a life of the scenario may have. Any other fails it; missing file names never
   * do, as they need a probe or a new kernel.
   */
  readonly admits?: readonly RegExp[];
  readonly holds: (told: Told) => Verdict;
}

/** One fact that a program stated. */
export type Line = Readonly<Record<string, number | string | boolean | null | readonly string[]>>;
