/** The order of the keys of each part of a report, as src/model/report.ts has them. */
import type {
  Attached,
  Delivery,
  Exec,
  Exit,
  Fork,
  Identity,
  Library,
  OpenedFile,
  PrecedingCall,
  ProcessRecord,
  Reap,
  Report,
  RootCause,
  Sender,
  SignalRecord,
  TreeVerdict,
} from '../model/report';
import type { Damage, Loss, TraceEvent } from '../trace-event';

/** Takes the keys one by one, and every key of the type: a new one that is missing here does not compile. */
function keysOf<T>() {
  return <const K extends readonly (keyof T)[]>(...keys: keyof T extends K[number] ? K : never) =>
    keys as readonly PropertyKey[] as readonly string[];
}

const KEYS = {
  report: keysOf<Report>()('schema', 'verdict', 'trace', 'processes', 'signals', 'lost', 'damage'),
  verdict: keysOf<TreeVerdict>()('text', 'ended', 'outlived'),
  trace: keysOf<Report['trace']>()(
    'source',
    'kernel',
    'clock',
    'cpus',
    'start',
    'end',
    'time',
    'host',
    'boot',
    'events',
    'lost',
    'unexplained',
    'incomplete',
  ),
  process: keysOf<ProcessRecord>()(
    'id',
    'pid',
    'tgid',
    'parent',
    'comm',
    'commHistory',
    'role',
    'identity',
    'earlierIdentities',
    'attached',
    'fork',
    'execs',
    'libraries',
    'files',
    'threads',
    'signals',
    'exit',
    'reap',
    'state',
    'incomplete',
  ),
  attached: keysOf<Attached>()('ts', 'time', 'program', 'argv', 'cwd', 'parent', 'files'),
  comm: keysOf<ProcessRecord['commHistory'][number]>()('ts', 'comm'),
  fork: keysOf<Fork>()('ts', 'time', 'by', 'call', 'flags', 'parentReturn', 'childReturn'),
  exec: keysOf<Exec>()('ts', 'time', 'path', 'argv', 'argvSource', 'error', 'nameSource', 'call'),
  library: keysOf<Library>()('path', 'opened', 'ts', 'base', 'end', 'nameSource', 'inMaps'),
  file: keysOf<OpenedFile>()('ts', 'path', 'fd', 'error', 'nameSource', 'call'),
  thread: keysOf<ProcessRecord['threads'][number]>()('tid', 'start', 'end'),
  exit: keysOf<Exit>()('ts', 'time', 'kind', 'code', 'signal', 'coreDumped', 'cause', 'root'),
  root: keysOf<RootCause>()('signal', 'name', 'ts', 'by', 'way'),
  reap: keysOf<Reap>()('ts', 'time', 'by', 'call', 'zombieFor'),
  signal: keysOf<SignalRecord>()(
    'ts',
    'time',
    'signal',
    'number',
    'code',
    'result',
    'origin',
    'cause',
    'fatal',
    'control',
    'sender',
    'target',
    'generated',
    'delivered',
    'latency',
    'group',
    'coreDumped',
    'before',
  ),
  sender: keysOf<Sender>()(
    'pid',
    'tid',
    'tgid',
    'comm',
    'thread',
    'ancestors',
    'inTree',
    'irq',
    'control',
    'identity',
  ),
  identity: keysOf<Identity>()(
    'exe',
    'uid',
    'user',
    'ppid',
    'cgroup',
    'unit',
    'container',
    'startTime',
    'ancestors',
    'tty',
    'session',
    'inheritedFrom',
    'since',
  ),
  before: keysOf<PrecedingCall>()('ts', 'tid', 'call', 'text'),
  target: keysOf<SignalRecord['target']>()('pid', 'tgid', 'comm'),
  generated: keysOf<NonNullable<SignalRecord['generated']>>()('ts', 'stack'),
  delivered: keysOf<Delivery>()('ts', 'tid', 'handler', 'stack', 'handlerTime', 'interrupted'),
  interrupted: keysOf<NonNullable<Delivery['interrupted']>>()('call', 'restarted'),
  ancestor: keysOf<Identity['ancestors'][number]>()('pid', 'comm'),
  attachedFile: keysOf<Attached['files'][number]>()('fd', 'path'),
  loss: keysOf<Loss>()('cpu', 'ts', 'count'),
  damage: keysOf<Damage>()('code', 'atByte', 'line', 'excerpt'),
  event: keysOf<Omit<TraceEvent, 'field'>>()(
    'ts',
    'cpu',
    'pid',
    'tgid',
    'comm',
    'name',
    'fields',
    'stack',
    'flags',
    'instance',
  ),
} as const;

export type Shape = keyof typeof KEYS;

/** The shape of the value under a key, where it is one of these. */
const INSIDE: Readonly<Partial<Record<Shape, Readonly<Record<string, Shape>>>>> = {
  report: {
    verdict: 'verdict',
    trace: 'trace',
    processes: 'process',
    signals: 'signal',
    lost: 'loss',
    damage: 'damage',
  },
  process: {
    identity: 'identity',
    earlierIdentities: 'identity',
    attached: 'attached',
    commHistory: 'comm',
    fork: 'fork',
    execs: 'exec',
    libraries: 'library',
    files: 'file',
    threads: 'thread',
    exit: 'exit',
    reap: 'reap',
  },
  signal: {
    sender: 'sender',
    target: 'target',
    generated: 'generated',
    delivered: 'delivered',
    before: 'before',
  },
  attached: { files: 'attachedFile' },
  identity: { ancestors: 'ancestor' },
  exit: { root: 'root' },
  root: { by: 'sender' },
  sender: { ancestors: 'ancestor', identity: 'identity' },
  delivered: { interrupted: 'interrupted' },
};

/** The keys of a shape, in order. */
export function contractKeys(shape: Shape): readonly string[] {
  return KEYS[shape];
}

/** A copy with its keys in order, and those of its parts; keys that are not in the contract come last. */
export function inContractOrder(shape: Shape, value: object): object {
  const given = new Map(Object.entries(value));
  const ordered = new Map<string, unknown>();
  for (const key of [...KEYS[shape], ...given.keys()]) {
    if (!given.has(key) || ordered.has(key)) continue;
    const inner = INSIDE[shape]?.[key];
    ordered.set(key, inner === undefined ? given.get(key) : partsInOrder(inner, given.get(key)));
  }
  return Object.fromEntries(ordered);
}

function partsInOrder(shape: Shape, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => partsInOrder(shape, part));
  return typeof value === 'object' && value !== null ? inContractOrder(shape, value) : value;
}
