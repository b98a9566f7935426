/**
 * Which service a watched process is of, and in which generation. A process that matches a selector by itself is the main
 * process of a service; what it forks is of the same service. When it ends, the next one that matches under the same name
 * takes its place: the same service, one generation later.
 */
import type { PreviousGeneration } from '../model/report';
import type { Membership } from './host-process';

/** Those that no longer live go first; what is forgotten counts from 1 again. */
const MAX_SERVICES = 10_000;
/** As many as run side by side under one name: workers that a supervisor restarts one by one. */
const MAX_VACANT = 64;

interface Lineage {
  living: number;
  /** Generations that ended and that nobody has followed yet, the last one last. */
  readonly vacant: { readonly generation: number; readonly ended: PreviousGeneration }[];
}

export class Services {
  forgotten = 0;
  /** By selector, name and program; the one that was touched last is last. */
  readonly #lineages = new Map<string, Lineage>();

  get size(): number {
    return this.#lineages.size;
  }

  /** The main process of it runs its program, or was there before the watch. */
  begin(membership: Membership): void {
    const { selector, name } = membership;
    if (name === null || membership.life !== null) return;
    const lineage = this.#touch(keyOf(membership));
    const before = lineage.vacant.pop() ?? null;
    lineage.living++;
    membership.life = {
      selector: selector.text,
      name,
      generation: before === null ? 1 : before.generation + 1,
      previous: before?.ended ?? null,
    };
  }

  /** Its main process ended. */
  end(membership: Membership, ended: PreviousGeneration): void {
    const { life } = membership;
    if (life === null) return;
    const lineage = this.#touch(keyOf(membership));
    lineage.living = Math.max(0, lineage.living - 1);
    lineage.vacant.push({ generation: life.generation, ended });
    if (lineage.vacant.length > MAX_VACANT) lineage.vacant.shift();
  }

  #touch(key: string): Lineage {
    const known = this.#lineages.get(key);
    if (known !== undefined) {
      this.#lineages.delete(key);
      this.#lineages.set(key, known);
      return known;
    }
    if (this.#lineages.size >= MAX_SERVICES) this.#makeRoom();
    const lineage: Lineage = { living: 0, vacant: [] };
    this.#lineages.set(key, lineage);
    return lineage;
  }

  #makeRoom(): void {
    for (const [key, { living }] of this.#lineages) {
      if (living > 0) continue;
      this.#lineages.delete(key);
      this.forgotten++;
      return;
    }
    const [oldest] = this.#lineages.keys();
    if (oldest === undefined) return;
    this.#lineages.delete(oldest);
    this.forgotten++;
  }
}

/** A unit may run several programs, such as what it runs before it starts: each has its own generations. */
function keyOf({ selector, name, main }: Membership): string {
  return `${selector.text}\0${name}\0${main.known.comm ?? ''}`;
}
