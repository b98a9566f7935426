/** How a life begins, what it runs, and whom it forks. */
import type { Exec, ProcessRecord } from '../../model/report';
import { KEEP, printable } from '../printable';
import { listed, pathOf, source, type LifeContext, type StoryEntry } from './entry';
import { nameAndPid } from './names';

export function birthEntries({ fork }: ProcessRecord, { names }: LifeContext): StoryEntry[] {
  if (!fork) return [];
  const flags = fork.flags.length > 0 ? `(${fork.flags.join(' | ')})` : '';
  const call = fork.call === null ? 'forked it' : `called ${fork.call}${flags}`;
  return [{ ts: fork.ts, what: 'fork', text: `${names.of(fork.by, fork.ts)} ${call}`, tone: 'birth' }];
}

export function programEntries({ execs }: ProcessRecord): StoryEntry[] {
  const entries: StoryEntry[] = [];
  let tried: typeof execs = [];
  const closeTried = () => {
    const first = tried[0];
    if (!first) return;
    const paths = tried.map((exec) => `${pathOf(exec.path)} ${exec.error ?? ''}`.trimEnd());
    entries.push({ ts: first.ts, what: 'tried', text: `${listed(paths)}${source(tried)}`, tone: 'quiet' });
    tried = [];
  };
  for (const exec of execs) {
    if (exec.error !== null) {
      tried.push(exec);
      continue;
    }
    closeTried();
    const text = `${pathOf(exec.path)}${commandLine(exec)}  by${KEEP}${exec.call}${source([exec])}`;
    entries.push({ ts: exec.ts, what: 'exec', text, tone: 'birth' });
  }
  closeTried();
  return entries;
}

/** Where it says more than the path: `: sleep 10`. */
function commandLine({ argv, path }: Exec): string {
  if (!argv || (argv.length === 1 && argv[0] === path)) return '';
  return `: ${argv.map(quotedArgument).join(' ')}`;
}

/** As a shell would need it, so that the words of a command line stay apart. */
function quotedArgument(argument: string): string {
  const text = printable(argument);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function renameEntries(process: ProcessRecord): StoryEntry[] {
  const entries: StoryEntry[] = [];
  for (const [index, { ts, comm }] of process.commHistory.entries()) {
    const before = process.commHistory[index - 1]?.comm;
    if (before === undefined || before === comm) continue;
    // exec gives the process the name of its program; that line says it already.
    const good = process.execs.filter((exec) => exec.error === null);
    const nearest = [good.findLast((exec) => exec.ts <= ts), good.find((exec) => exec.ts >= ts)];
    if (nearest.some((exec) => exec?.path?.split('/').at(-1)?.startsWith(comm))) continue;
    entries.push({ ts, what: 'rename', text: `${printable(before)} to ${printable(comm)}`, tone: 'quiet' });
  }
  return entries;
}

export function threadEntries({ threads: all, pid }: ProcessRecord): StoryEntry[] {
  const started = all.filter((thread) => thread.tid !== pid && thread.start !== null);
  const first = started[0];
  if (!first) return [];
  const text = `${started.length} started: ${listed(started.map((thread) => `${thread.tid}`))}`;
  return [{ ts: first.start!, what: 'threads', text, tone: 'quiet' }];
}

export function childEntries({ children }: LifeContext): StoryEntry[] {
  const first = children[0];
  if (!first?.fork) return [];
  const names = children.map((child) => nameAndPid(child.comm, child.pid));
  return [{ ts: first.fork.ts, what: 'children', text: listed(names), tone: 'quiet' }];
}
