/** The settings of a watch, as a flow, a message or a command line gives them. */
import { InvalidValue } from '../trace-error';
import { readMutedSignals, readSelectors, WHOLE_HOST, type Selector } from './selector';

export interface WatchSettings {
  readonly topic: string;
  /** One of them is enough. */
  readonly selectors: readonly Selector[];
  readonly exclude: readonly Selector[];
  /** Numbers of signals that the kernel drops. */
  readonly muted: readonly number[];
  /** Kibibytes of each CPU's ring buffer. */
  readonly bufferKb: number;
}

/**
 * Signals that say nothing of a life: urgent data on a socket, and how Go's runtime preempts its own threads (SIGURG);
 * a window's new size (SIGWINCH); what the C library sends among its own threads (32, 33). SIGCHLD of ordinary exits is
 * muted always.
 */
export const USUALLY_MUTED: readonly number[] = [17, 23, 28, 32, 33];

/** A thousand processes that come and go in a second make some 2 MB of events in it. */
const DEFAULT_BUFFER_KB = 4096;

const MIN_BUFFER_KB = 4;
const MAX_BUFFER_KB = 1_048_576;

/** @throws InvalidValue CONFIG_INVALID with the name of the setting */
export function readWatchSettings(given: Readonly<Record<string, unknown>>): WatchSettings {
  const topic = given['topic'] ?? 'watch';
  if (typeof topic !== 'string' || topic === '') throw new InvalidValue('topic', 'a name', topic);
  const bufferKb = Number(given['bufferKb'] ?? DEFAULT_BUFFER_KB);
  if (!Number.isInteger(bufferKb) || bufferKb < MIN_BUFFER_KB || bufferKb > MAX_BUFFER_KB) {
    const expected = `${MIN_BUFFER_KB} to ${MAX_BUFFER_KB} KiB for each CPU`;
    throw new InvalidValue('bufferKb', expected, given['bufferKb']);
  }
  const selectors = readSelectors(given['selectors'], 'selectors');
  return {
    topic,
    selectors: selectors.length === 0 ? [WHOLE_HOST] : selectors,
    exclude: readSelectors(given['exclude'], 'exclude'),
    muted: readMutedSignals(given['muted'], 'muted') ?? USUALLY_MUTED,
    bufferKb,
  };
}
