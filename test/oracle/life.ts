/**
 * A life as both can tell it, strace and our report. Pids of two runs differ, so that a process is named by its place:
 * `1` is the command, `1.2` its second child.
 */

export type Fate =
  | 'handled'
  /** by sigwait and its kin */
  | 'taken'
  | 'ignored'
  /** by default it stops its process */
  | 'stops'
  | 'fatal'
  /** one of the same number was pending, and one arrives for both */
  | 'coalesced'
  /** it waited until its process ended */
  | 'never delivered'
  | 'unknown';

export interface SignalOfLife {
  readonly ts: number;
  readonly signal: string;
  readonly code: string;
  /** Null where its siginfo has no pid. */
  readonly sender: Life | 'outside' | null;
  readonly fate: Fate;
}

export interface Life {
  readonly pid: number;
  /** When it was forked. */
  readonly born: number;
  /** `clone`, `clone3`, `vfork`, `fork`; null for the command, which strace did not see forked. */
  readonly call: string | null;
  readonly children: Life[];
  readonly execs: { readonly path: string | null; readonly error: string | null }[];
  readonly signals: SignalOfLife[];
  /** Signals that it was sent by calls that named it, whether they arrived or not: strace alone tells. */
  readonly asked: string[];
  /** `exit 3`, `SIGTERM`, `SIGSEGV, core dumped`. */
  end: string | null;
  /** Who waited for it in the tree: `wait4` and who called it; else `outside`, or nobody, as SIGCHLD is ignored. */
  reaped: { readonly by: Life; readonly call: string } | 'outside' | 'nobody' | null;
}

/** How children of the same parent are put in order: by their births, or by what they did where births may race. */
export type Order = 'births' | 'deeds';

export interface NamedLife {
  readonly name: string;
  readonly life: Life;
  /** One line for each fact. */
  readonly facts: readonly string[];
}

/** Everything about a tree that does not depend on the run. */
export function named(root: Life, order: Order): NamedLife[] {
  const names = new Map<Life, string>();
  const all: Life[] = [];
  const walk = (life: Life, name: string): void => {
    names.set(life, name);
    all.push(life);
    inOrder(life.children, order).forEach((child, at) => {
      walk(child, `${name}.${at + 1}`);
    });
  };
  walk(root, '1');
  const nameOf = (life: Life): string => names.get(life) ?? 'outside';
  return all.map((life) => ({ name: names.get(life)!, life, facts: factsOf(life, nameOf) }));
}

function inOrder(children: readonly Life[], order: Order): Life[] {
  if (order === 'births') return children.toSorted((a, b) => a.born - b.born);
  return children
    .map((life) => ({ life, deeds: deedsOf(life) }))
    .sort((a, b) => (a.deeds < b.deeds ? -1 : a.deeds > b.deeds ? 1 : a.life.born - b.life.born))
    .map(({ life }) => life);
}

/** What two children of one parent differ by, whatever their order. */
function deedsOf(life: Life): string {
  const own = [...life.execs.filter((exec) => exec.error === null).map(({ path }) => path), life.end];
  return `${own.join(' ')} (${life.children.map(deedsOf).sort().join(')(')})`;
}

function factsOf(life: Life, nameOf: (life: Life) => string): string[] {
  const facts: string[] = [];
  if (life.call !== null) facts.push(`was born by ${life.call}`);
  // Failures that follow each other are one search along PATH.
  for (let at = 0; at < life.execs.length;) {
    const { error, path } = life.execs[at]!;
    if (error === null) facts.push(`runs ${path ?? 'a program without a name'}`);
    let end = at + 1;
    while (error !== null && life.execs[end]?.error === error) end++;
    if (error !== null) facts.push(`${end - at} times finds no program: ${error}`);
    at = end;
  }
  for (const { signal, code, sender, fate } of life.signals.toSorted((a, b) => a.ts - b.ts)) {
    const from = sender === null ? '' : sender === 'outside' ? ' from outside' : ` from ${nameOf(sender)}`;
    facts.push(`gets ${signal} (${code})${from}: ${fate}`);
  }
  facts.push(`ends by ${life.end ?? 'nothing known'}`);
  const { reaped } = life;
  if (reaped === null) facts.push('is not reaped');
  else if (typeof reaped === 'string') facts.push(`is reaped by ${reaped}`);
  else facts.push(`is reaped by ${nameOf(reaped.by)} with ${reaped.call}`);
  return facts;
}
