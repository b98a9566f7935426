/** One way in which a real program ends, or does not, and what must be said of it. */
import type { Severity } from '../../src/model/report';
import type { Answer } from './scene';

export interface Case {
  /** The row's program, and what was done to it: the first two columns of docs/deaths.md. */
  readonly program: string;
  readonly did: string;
  /** Programs that it needs. */
  readonly needs: readonly string[];
  /** A machine without them skips it with a message even where skipping is forbidden: they are too large to install for a test. */
  readonly isOptional?: boolean;
  /** The question that somebody asked: STORIES has seventeen. */
  readonly question?: string;
  readonly play: () => Promise<Answer>;
  /** What the first line must say, whatever its words: who, why, after what. */
  readonly firstLine: readonly RegExp[];
  /** What it must not say. */
  readonly never?: readonly RegExp[];
  /** The alerts that must be raised, worst first; none: nothing above `info`. */
  readonly alerts: readonly ExpectedAlert[];
  /** What is still said wrongly: it is played by run.ts, and not a test yet. */
  readonly open?: string;
}

export interface ExpectedAlert {
  readonly severity: Severity | readonly Severity[];
  readonly text: readonly RegExp[];
}
