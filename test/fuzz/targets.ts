import { CAPTURES } from './captures';
import { FORMATS, HEADER_PAGES } from './formats';
import type { FuzzTarget } from './fuzz-target';
import { mutated } from './mutate';
import { PAGES } from './pages';
import { Random } from './random';
import { NOTE_VALUES, SAVED_NAMES, SYMBOLS } from './tables';
import { TRACE_DATS } from './trace-dat';
import { MAPS, MESSAGES, TEXTS } from './text';

/** All that read what anybody may have written. Add one, and it is run with the others. */
export const TARGETS: readonly FuzzTarget[] = [
  PAGES,
  FORMATS,
  HEADER_PAGES,
  CAPTURES,
  TRACE_DATS,
  TEXTS,
  MESSAGES,
  MAPS,
  SYMBOLS,
  SAVED_NAMES,
  NOTE_VALUES,
];

/** The input that a seed stands for. */
export function inputOf(good: readonly Uint8Array[], seed: number): { input: Buffer; random: Random } {
  const random = new Random(seed);
  return { input: mutated(good, random), random };
}

export async function runCase(target: FuzzTarget, good: readonly Uint8Array[], seed: number): Promise<void> {
  const { input, random } = inputOf(good, seed);
  const reading = target.read(input, random);
  if (reading !== undefined) await reading;
}
