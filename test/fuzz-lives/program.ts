/**
 * A random program of process life: blocks of steps, each played by one process or thread (src/lives.c says what a step
 * does). Each block but the first is begun by exactly one step of another, so that a program is a tree and ends.
 */
import { Random } from '../fuzz/random';

/** An operation and its numbers. */
export type Step = readonly [operation: string, ...numbers: number[]];

export interface Program {
  /** What its lines in the log begin with. */
  readonly id: number;
  readonly blocks: readonly (readonly Step[])[];
}

/** As src/lives.c has them; its last block is the player's own. */
const MAX_BLOCKS = 9;
const MAX_STEPS = 13;

const SIG = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  URG: 23,
  WINCH: 28,
  REAL_TIME: 36,
} as const;

const CLONE_PARENT = 0x8000;
const CLONE_UNTRACED = 0x800000;
const CLONE_FILES = 0x400;
const CLONE_NEWPID = 0x20000000;

/** The steps that begin another block, and the number in them that names it. */
const BEGINS = new Set(['fork', 'clone', 'clone3', 'vfork', 'spawn', 'thread', 'exec']);
/** The steps that name a block without beginning it, and where they name it. */
const NAMES: Readonly<Record<string, number>> = { waitblock: 0, attach: 0 };

export function beginsBlock([operation, block]: Step): number | null {
  return BEGINS.has(operation) ? (block ?? null) : null;
}

/** The block that a step names as a target; null where it names none. */
export function namesBlock([operation, ...numbers]: Step): number | null {
  if (operation === 'send') return numbers[2] === 4 || numbers[2] === 5 ? (numbers[3] ?? null) : null;
  const at = NAMES[operation];
  return at === undefined ? null : (numbers[at] ?? null);
}

export function hasStep({ blocks }: Program, operation: string): boolean {
  return blocks.some((steps) => steps.some(([name]) => name === operation));
}

/** Numbers that only a nested namespace knows say nothing outside of it. */
export function hasNamespace({ blocks }: Program): boolean {
  return blocks.some((steps) =>
    steps.some(([name, , flags]) => /^clone/.test(name) && (flags! & CLONE_NEWPID) !== 0),
  );
}

export function programText({ id, blocks }: Program): string {
  const lines = blocks.flatMap((steps, block) => [
    `block ${block}`,
    ...steps.map((step) => `  ${step.join(' ')}`),
  ]);
  return [`program ${id}`, ...lines, ''].join('\n');
}

/** Reads what `programText` wrote, with comments. */
export function readProgram(text: string, id: number): Program {
  const blocks: Step[][] = [];
  for (const line of text.split('\n')) {
    const [word, ...numbers] = line.trim().split(/\s+/);
    if (word === undefined || word === '' || word.startsWith('#') || word === 'program') continue;
    if (word === 'block') blocks[Number(numbers[0])] = [];
    else blocks.at(-1)!.push([word, ...numbers.map(Number)]);
  }
  return { id, blocks };
}

class Author {
  readonly #random: Random;
  readonly #blocks: Step[][] = [[]];
  /** Blocks whose player is a process of its own memory, and may thus do anything. */
  readonly #isFree: boolean[] = [true];

  constructor(random: Random) {
    this.#random = random;
  }

  write(id: number): Program {
    const random = this.#random;
    const count = 1 + random.below(MAX_BLOCKS - 1);
    for (let block = 1; block < count; block++) this.#beginBlock(block);
    for (let block = 0; block < count; block++) this.#fill(block, count);
    return { id, blocks: this.#blocks };
  }

  #beginBlock(block: number): void {
    const random = this.#random;
    const parent = random.below(block);
    const kind = this.#isFree[parent]
      ? random.pick(['fork', 'fork', 'clone', 'clone3', 'vfork', 'spawn', 'thread', 'thread', 'exec'])
      : 'exec';
    this.#blocks.push([]);
    this.#isFree.push(kind !== 'vfork');
    const flags = random.pick([0, 0, CLONE_PARENT, CLONE_UNTRACED, CLONE_FILES, CLONE_NEWPID]);
    const number = random.pick([SIG.CHLD, SIG.CHLD, SIG.CHLD, 0, SIG.USR1]);
    // The kernel refuses CLONE_PARENT with an exit signal in clone3.
    const exitSignal = kind === 'clone3' && flags === CLONE_PARENT ? 0 : number;
    this.#blocks[parent]!.push(
      kind === 'clone' || kind === 'clone3' ? [kind, block, flags, exitSignal] : [kind, block],
    );
  }

  #fill(block: number, count: number): void {
    const random = this.#random;
    const steps = this.#blocks[block]!;
    const more = random.below(7);
    for (let n = 0; n < more && steps.length < MAX_STEPS - 2; n++) {
      const step = this.#isFree[block] ? this.#anyStep(count) : this.#borrowedStep(count);
      // An exec is mostly the last, so that what is before it counts.
      steps.splice(random.below(steps.length + 1), 0, step);
    }
    if (!this.#isFree[block]) return;
    // Most parents wait, or they would all leave their children to the player.
    const children = steps.filter((step) => beginsBlock(step) !== null).length;
    for (let n = 0; n < children && steps.length < MAX_STEPS - 1; n++)
      if (random.below(3) > 0) steps.push(this.#wait(count));
    if (random.oneIn(3)) steps.push(this.#end());
  }

  #signal(): number {
    return this.#random.pick([
      ...[SIG.TERM, SIG.TERM, SIG.INT, SIG.HUP, SIG.USR1, SIG.USR1, SIG.USR2, SIG.KILL, SIG.QUIT],
      ...[SIG.ABRT, SIG.SEGV, SIG.PIPE, SIG.ALRM, SIG.CHLD, SIG.STOP, SIG.CONT, SIG.CONT, SIG.TSTP],
      ...[SIG.TTIN, SIG.URG, SIG.WINCH, SIG.REAL_TIME],
    ]);
  }

  #send(count: number): Step {
    const random = this.#random;
    const whom = random.pick([0, 0, 1, 1, 2, 3, 3, 4, 4, 4, 4, 4, 4, 5, 5, 6]);
    return ['send', this.#signal(), random.pick([0, 0, 0, 1, 2, 3, 4, 5]), whom, random.below(count)];
  }

  #borrowedStep(count: number): Step {
    const random = this.#random;
    return random.pick([
      this.#send(count),
      ['sleep', random.below(1000)],
      this.#end(),
      ['execfail'],
    ] as const);
  }

  #wait(count: number): Step {
    const random = this.#random;
    const options = random.pick([0, 0, 0, 0, 2, 4, 6, 1]);
    const call = random.below(2);
    return random.oneIn(4)
      ? ['waitblock', random.below(count), options, call]
      : ['wait', options + (call === 1 && random.oneIn(5) ? 8 : 0), call];
  }

  #end(): Step {
    const random = this.#random;
    return random.pick([
      ['exit', random.below(256)],
      ['exit', random.below(4)],
      ['texit', random.below(4)],
      ['abort'],
      ['fault', random.below(5)],
      ['execfail'],
    ] as const);
  }

  #anyStep(count: number): Step {
    const random = this.#random;
    const number = this.#signal();
    switch (random.below(22)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return this.#send(count);
      case 5:
      case 6:
      case 7:
        return ['action', number, random.pick([0, 1, 2, 2, 3, 4, 4, 5]), random.below(16), random.below(256)];
      case 8:
      case 9:
        return ['mask', random.below(3) > 0 ? 1 : 0, number];
      case 10:
      case 11:
      case 12:
        return ['sleep', random.below(3000)];
      case 13:
        return this.#wait(count);
      case 14:
        return [random.pick(['sigwait', 'signalfd']), number, random.below(4000)];
      case 15:
        return random.oneIn(2)
          ? ['itimer', 1 + random.below(2000), random.below(2)]
          : ['suspend', random.below(3000)];
      case 16:
        return ['pdeath', number];
      case 17:
        return ['attach', random.below(count), random.below(16)];
      case 18:
        return random.pick([['setpgid'], ['setsid'], ['subreaper'], ['join']] as const);
      case 19:
        return ['core', random.below(2)];
      case 20:
        return random.oneIn(3) ? ['forge', random.pick([1, 2, 3]), random.below(16)] : ['execfail'];
      default:
        return random.oneIn(3) ? this.#end() : ['sleep', random.below(500)];
    }
  }
}

/** The program of a seed: the same for the same number. */
export function programOf(seed: number): Program {
  return new Author(new Random(seed)).write(seed);
}
