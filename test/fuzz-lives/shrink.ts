/** Makes a program that shows a difference as small as it can be made. */
import { beginsBlock, namesBlock, type Program } from './program';
import { play, type Stage } from './play';

/** Lives are races: a smaller program counts when it shows the difference once in so many times. */
export const TIMES = 12;
const MAX_ROUNDS = 12;

/** The kind of a difference: its text without numbers. */
export function kindOf(difference: string): string {
  return difference.replaceAll(/\d+(?:\.\d+)?/g, 'N').replaceAll(/SIG[A-Z0-9_]+/g, 'SIG');
}

/** The program without a step, and without the blocks that nobody begins then. */
function without(program: Program, block: number, step: number): Program {
  const blocks = program.blocks.map((steps, at) =>
    steps.filter((_, place) => at !== block || place !== step),
  );
  const begun = new Set([0]);
  for (let at = 0; at < blocks.length; at++) {
    if (!begun.has(at)) continue;
    for (const each of blocks[at]!) {
      const next = beginsBlock(each);
      if (next !== null) begun.add(next);
    }
  }
  const kept = blocks.map((steps, at) =>
    begun.has(at) ? steps.filter((each) => begun.has(namesBlock(each) ?? 0)) : [],
  );
  return { ...program, blocks: kept };
}

function* smaller(program: Program): Iterable<Program> {
  for (const [block, steps] of program.blocks.entries())
    for (const step of steps.keys()) yield without(program, block, step);
}

function size({ blocks }: Program): number {
  return blocks.reduce((sum, steps) => sum + steps.length, 0);
}

async function shows(candidates: readonly Program[], stage: Stage, kind: string): Promise<Program[]> {
  // Each time has an id of its own, as its lines begin with it.
  const times = candidates.flatMap((candidate, at) =>
    Array.from({ length: TIMES }, (_, time) => ({ ...candidate, id: at * TIMES + time })),
  );
  const finds = await play(times, stage);
  const found = finds.filter(({ differences }) => differences.some((each) => kindOf(each) === kind));
  const places = new Set(found.map(({ program }) => Math.floor(program.id / TIMES)));
  return [...places].map((place) => candidates[place]!).sort((one, other) => size(one) - size(other));
}

/** How many of so many times a program shows a difference of this kind. */
export async function timesSeen(program: Program, stage: Stage, difference: string): Promise<number> {
  const kind = kindOf(difference);
  const times = Array.from({ length: TIMES }, (_, id) => ({ ...program, id }));
  const finds = await play(times, stage);
  return finds.filter(({ differences }) => differences.some((each) => kindOf(each) === kind)).length;
}

/** @returns the smallest program found that shows a difference of the same kind; null where it is not seen again */
export async function shrink(program: Program, stage: Stage, difference: string): Promise<Program | null> {
  const kind = kindOf(difference);
  let best: Program | undefined = (await shows([program], stage, kind))[0];
  if (best === undefined) return null;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next: Program | undefined = (await shows([...smaller(best)], stage, kind))[0];
    if (next === undefined) break;
    best = next;
  }
  return best;
}
