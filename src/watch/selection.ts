/** Which processes of the machine a watch follows, by its selectors and exclusions. */
import { readFileSync } from 'node:fs';
import { containerOf, unitOf } from '../kernel/cgroup-path';
import { compileGlob } from '../rules/matching/glob';
import { UserNames } from '../session/user-names';
import type { KnownProcess } from '../session/task-history';
import type { HostProcess } from './host-process';
import type { Selector, SelectorCondition, SelectorKind } from './selector';

/** The kernel keeps so much of a name. */
const COMM_BYTES = 15;
/** Of a container's id, as `docker ps` shows it. */
const SHORT_ID = 12;

type Matches = (process: HostProcess) => boolean;

interface Compiled {
  readonly selector: Selector;
  readonly matches: readonly Matches[];
}

/** A selector that a process matches, and the name under which it restarts. */
export interface Match {
  readonly selector: Selector;
  readonly name: string | null;
  /** The name is only what the program is called: whatever it forks or becomes is of the same service. */
  readonly isProgram: boolean;
}

/** What only /proc says. */
const FROM_PROC: readonly SelectorKind[] = ['unit', 'container', 'cgroup', 'user'];

export class Selection {
  readonly #selectors: readonly Compiled[];
  readonly #exclude: readonly Compiled[];
  readonly #users = new UserNames();
  /** The content of pid files, by their path. */
  readonly #pidFiles = new Map<string, number | null>();

  constructor(selectors: readonly Selector[], exclude: readonly Selector[]) {
    this.#selectors = selectors.map((selector) => this.#compile(selector));
    this.#exclude = exclude.map((selector) => this.#compile(selector));
    this.readPidFiles();
  }

  /** Something of it is decided by a cgroup. */
  get asksForCgroups(): boolean {
    return this.#has((kind) => FROM_PROC.includes(kind) && kind !== 'user');
  }

  /** A process may match by its parents alone, as soon as it is forked. */
  get asksForParents(): boolean {
    return this.#has((kind) => kind === 'children-of');
  }

  #has(wanted: (kind: SelectorKind) => boolean): boolean {
    return [...this.#selectors, ...this.#exclude].some(({ selector }) =>
      selector.conditions.some(({ kind }) => wanted(kind)),
    );
  }

  /** The first selector that it matches; null where there is none, or where it is excluded. */
  match(process: HostProcess): Match | null {
    if (this.isExcluded(process)) return null;
    const found = this.#selectors.find(({ matches }) => matches.every((matchesIt) => matchesIt(process)));
    if (found === undefined) return null;
    const { selector } = found;
    return { selector, ...serviceName(selector, process) };
  }

  isExcluded(process: HostProcess): boolean {
    return this.#exclude.some(({ matches }) => matches.every((matchesIt) => matchesIt(process)));
  }

  /** @returns the pids that have come into pid files since the last call */
  readPidFiles(): number[] {
    const come: number[] = [];
    for (const [path, before] of this.#pidFiles) {
      const pid = pidIn(path);
      this.#pidFiles.set(path, pid);
      if (pid !== null && pid !== before) come.push(pid);
    }
    return come;
  }

  #compile(selector: Selector): Compiled {
    return { selector, matches: selector.conditions.map((condition) => this.#compileCondition(condition)) };
  }

  #compileCondition({ kind, value }: SelectorCondition): Matches {
    const matches = compileGlob(value);
    switch (kind) {
      case 'host':
        return () => true;
      case 'pid': {
        const pid = Number(value);
        return (process) => process.pid === pid;
      }
      case 'pidfile':
        this.#pidFiles.set(value, null);
        return (process) => this.#pidFiles.get(value) === process.pid;
      case 'name':
        return nameMatcher(value);
      case 'path':
        return ({ exe, known }) => [exe, known.program].some((path) => path !== null && matches(path));
      case 'unit':
        return ({ cgroup }) => {
          const unit = cgroup === null ? null : unitOf(cgroup);
          return unit !== null && matches(unit);
        };
      case 'container':
        return ({ cgroup }) => {
          const id = cgroup === null ? null : containerOf(cgroup);
          return id !== null && (matches(id) || matches(id.slice(0, SHORT_ID)));
        };
      case 'cgroup':
        return ({ cgroup }) => cgroup !== null && (matches(cgroup) || cgroup.startsWith(`${value}/`));
      case 'user': {
        const uid = /^\d+$/.test(value) ? Number(value) : null;
        return (process) =>
          process.uid !== null && (process.uid === uid || this.#users.of(process.uid) === value);
      }
      case 'children-of': {
        const pid = /^\d+$/.test(value) ? Number(value) : null;
        const named = nameMatcher(value);
        return ({ known }) =>
          hasParent(known, (parent) => parent.pid === pid || named({ known: parent, exe: null }));
      }
    }
  }
}

/** By what the kernel calls it, or by the file that it runs: of a long name the kernel keeps the beginning. */
function nameMatcher(value: string): (process: Pick<HostProcess, 'known' | 'exe'>) => boolean {
  const matches = compileGlob(value);
  const isLong = Buffer.byteLength(value) > COMM_BYTES && !/[*?]/.test(value);
  const cut = isLong ? Buffer.from(value).subarray(0, COMM_BYTES).toString() : null;
  return ({ known, exe }) => {
    const { comm, program } = known;
    if (comm !== null && (matches(comm) || (comm === cut && exe === null && program === null))) return true;
    return [exe, program].some((path) => path !== null && matches(path.slice(path.lastIndexOf('/') + 1)));
  };
}

function hasParent(process: KnownProcess, wanted: (parent: KnownProcess) => boolean): boolean {
  for (let next = process.parent; next !== null; next = next.parent) if (wanted(next)) return true;
  return false;
}

/** What restarts under one name, by what was asked for. */
function serviceName({ conditions }: Selector, { cgroup, known }: HostProcess): Omit<Match, 'selector'> {
  const kinds = new Set(conditions.map(({ kind }) => kind));
  const unit = cgroup === null ? null : unitOf(cgroup);
  const container = cgroup === null ? null : containerOf(cgroup);
  const named = (name: string | null): Omit<Match, 'selector'> => ({ name, isProgram: false });
  if (kinds.has('unit')) return named(unit);
  if (kinds.has('container')) return named(container);
  if (kinds.has('cgroup')) return named(cgroup);
  if (kinds.has('name') || kinds.has('path')) return { name: known.comm, isProgram: true };
  const file = conditions.find(({ kind }) => kind === 'pidfile' || kind === 'pid');
  if (file !== undefined) return named(file.value);
  // init.scope says nothing of what init forks.
  const home = container ?? (unit === 'init.scope' ? null : unit);
  if (home !== null || kinds.has('host')) return named(home);
  return { name: known.comm, isProgram: true };
}

function pidIn(path: string): number | null {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return /^\d+$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
