/** Notes in a trace: `# ftrace-life: {json}` in text, sections of a capture. Anybody can have written them. */
import type { MapsEntry, TraceNote } from '../trace-event';

/** Before the JSON of a note: a comment to every other reader of ftrace text. */
export const NOTE_PREFIX = '# ftrace-life: ';

type Properties = Readonly<Record<string, unknown>>;

function isProperties(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || isText(value);
}

function isCountOrNull(value: unknown): value is number | null {
  return value === null || isCount(value);
}

function readMapsEntry(value: unknown): MapsEntry | null {
  if (!isProperties(value)) return null;
  const { start, end, perms, offset, dev, inode, path, deleted } = value;
  if (!isCount(start) || !isCount(end) || !isCount(offset) || !isCount(inode)) return null;
  if (!isText(perms) || !isText(dev) || !isText(path) || typeof deleted !== 'boolean') return null;
  return { start, end, perms, offset, dev, inode, path, deleted };
}

function readTrace(note: Properties): TraceNote | null {
  const { kernel, clock, cpus, host, boot, wall } = note;
  if (!isText(kernel) || !isText(clock) || !isCount(cpus)) return null;
  if ((host !== undefined && !isText(host)) || (boot !== undefined && !isText(boot))) return null;
  const trace = {
    kind: 'trace',
    kernel,
    clock,
    cpus,
    ...(host === undefined ? {} : { host }),
    ...(boot === undefined ? {} : { boot }),
  } as const;
  if (wall === undefined) return trace;
  if (!isProperties(wall) || !isNumber(wall['ts']) || !isNumber(wall['unixSeconds'])) return null;
  return { ...trace, wall: { ts: wall['ts'], unixSeconds: wall['unixSeconds'] } };
}

function readWorkload(note: Properties): TraceNote | null {
  const { parent, command, path, argv, cwd, control } = note;
  if (!isCount(parent) || !isText(path) || !Array.isArray(argv) || !argv.every(isText)) return null;
  if (command !== undefined && !isCount(command)) return null;
  if (cwd !== undefined && !isText(cwd)) return null;
  const run = {
    kind: 'workload',
    parent,
    ...(command === undefined ? {} : { command }),
    path,
    argv,
    ...(cwd === undefined ? {} : { cwd }),
  } as const;
  if (control === null) return { ...run, control };
  if (!isProperties(control) || !isText(control['signal']) || !isCount(control['sender'])) return null;
  return { ...run, control: { signal: control['signal'], sender: control['sender'] } };
}

/** Null where one of them does not fit. */
function readEach<Item>(values: unknown, read: (value: unknown) => Item | null): Item[] | null {
  if (!Array.isArray(values)) return null;
  const items: Item[] = [];
  for (const value of values) {
    const item = read(value);
    if (item === null) return null;
    items.push(item);
  }
  return items;
}

function readMaps(note: Properties): TraceNote | null {
  const { pid, ts } = note;
  const maps = readEach(note['maps'], readMapsEntry);
  if (!isCount(pid) || !isNumber(ts) || maps === null) return null;
  return { kind: 'maps', pid, ts, maps };
}

function readOpenFile(value: unknown): { fd: number; path: string; closeOnExec: boolean } | null {
  if (!isProperties(value)) return null;
  const { fd, path, closeOnExec } = value;
  if (!isCount(fd) || !isText(path) || typeof closeOnExec !== 'boolean') return null;
  return { fd, path, closeOnExec };
}

const readCount = (value: unknown): number | null => (isCount(value) ? value : null);
const readString = (value: unknown): string | null => (isText(value) ? value : null);

function readAttached(note: Properties): TraceNote | null {
  const { pid, ts, comm, parent, started, exe, cwd } = note;
  if (!isCount(pid) || !isNumber(ts) || !isText(comm) || !isCount(parent) || !isNumber(started)) return null;
  if (!isTextOrNull(exe) || !isTextOrNull(cwd)) return null;
  const threads = readEach(note['threads'], readCount);
  const argv = readEach(note['argv'], readString);
  const files = readEach(note['files'], readOpenFile);
  const maps = readEach(note['maps'], readMapsEntry);
  const caught = readEach(note['caught'], readCount);
  const ignored = readEach(note['ignored'], readCount);
  if (!threads || !argv || !files || !maps || !caught || !ignored) return null;
  return {
    kind: 'attached',
    pid,
    ts,
    comm,
    parent,
    started,
    threads,
    argv,
    exe,
    cwd,
    files,
    maps,
    caught,
    ignored,
  };
}

function readArguments(note: Properties): TraceNote | null {
  const { pid, ts, until } = note;
  const argv = readEach(note['argv'], readString);
  if (!isCount(pid) || !isNumber(ts) || !isNumber(until) || !argv) return null;
  return { kind: 'arguments', pid, ts, until, argv };
}

/** More is no chain of parents: /proc has one process for each pid, and a chain is some ten long. */
const MAX_ANCESTORS = 64;

function readAncestor(value: unknown): { pid: number; comm: string | null } | null {
  if (!isProperties(value)) return null;
  const { pid, comm } = value;
  return isCount(pid) && isTextOrNull(comm) ? { pid, comm } : null;
}

function readWho(note: Properties): TraceNote | null {
  const { pid, tgid, ts, since, comm, exe, uid, user, ppid, cgroup, startTime } = note;
  const { process, tty, session, inheritedFrom } = note;
  if (!isCount(pid) || !isCount(tgid) || !isNumber(ts) || !isNumber(since) || since > ts) return null;
  if (!isText(comm) || !isTextOrNull(exe) || !isTextOrNull(user) || !isTextOrNull(cgroup)) return null;
  if (!isCountOrNull(uid) || !isCountOrNull(ppid) || !isCountOrNull(startTime)) return null;
  const ancestors = readEach(note['ancestors'], readAncestor);
  if (ancestors === null || ancestors.length > MAX_ANCESTORS) return null;
  if (process !== undefined && !isTextOrNull(process)) return null;
  if (tty !== undefined && !isTextOrNull(tty)) return null;
  if (session !== undefined && !isCountOrNull(session)) return null;
  if (inheritedFrom !== undefined && !isCount(inheritedFrom)) return null;
  return {
    kind: 'who',
    pid,
    tgid,
    ts,
    since,
    comm,
    exe,
    uid,
    user,
    ppid,
    cgroup,
    startTime,
    ancestors,
    ...(process === undefined ? {} : { process }),
    ...(tty === undefined ? {} : { tty }),
    ...(session === undefined ? {} : { session }),
    ...(inheritedFrom === undefined ? {} : { inheritedFrom }),
  };
}

function readControl(note: Properties): TraceNote | null {
  const { sender, signal, target, from, until, reason } = note;
  if (!isCount(sender) || !isText(signal) || !isCountOrNull(target) || !isText(reason)) return null;
  if (!isNumber(from) || (until !== null && !isNumber(until))) return null;
  return { kind: 'control', sender, signal, target, from, until, reason };
}

/** Narrows a parsed note to its exact shape, without properties that the shape does not have; null if it does not fit. */
export function readNote(value: unknown): TraceNote | null {
  if (!isProperties(value)) return null;
  switch (value['kind']) {
    case 'trace':
      return readTrace(value);
    case 'workload':
      return readWorkload(value);
    case 'maps':
      return readMaps(value);
    case 'attached':
      return readAttached(value);
    case 'arguments':
      return readArguments(value);
    case 'who':
      return readWho(value);
    case 'control':
      return readControl(value);
    case 'memory-limit': {
      const { pid, ts, cgroup, bytes } = value;
      if (!isCount(pid) || !isNumber(ts) || !isText(cgroup) || !isCount(bytes)) return null;
      return { kind: 'memory-limit', pid, ts, cgroup, bytes };
    }
    case 'inode': {
      const { dev, ino, path } = value;
      return isCount(dev) && isCount(ino) && isText(path) ? { kind: 'inode', dev, ino, path } : null;
    }
    case 'end': {
      const { ts, overrun, dropped } = value;
      if (!isNumber(ts) || !isCount(overrun) || !isCount(dropped)) return null;
      return { kind: 'end', ts, overrun, dropped };
    }
    default:
      return null;
  }
}

/** The note of a line that begins with NOTE_PREFIX; null where it is none that we know. */
export function parseNoteLine(line: string): TraceNote | null {
  try {
    return readNote(JSON.parse(line.slice(NOTE_PREFIX.length)));
  } catch {
    return null;
  }
}
