/**
 * What this machine allows, found by looking, and the exact command to fix whatever is missing: the core of
 * `ftrace-life doctor`, of `npm start`'s choice, and of a node's status.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { TraceError, type TraceErrorCode } from '../trace-error';
import { abandonedInstance } from './owner';
import { expectFileNames, type FileNameSource } from './name-sources';
import { findTracefs, seesGlobalPids } from './mount';

export interface Finding {
  /** `tracefs`, `permission`, `signal events`, ... */
  readonly subject: string;
  /** `missing` stops tracing; `limit` only reduces detail. */
  readonly level: 'ok' | 'limit' | 'missing';
  readonly found: string;
  /** What to type, or to do; null where nothing is to be done. */
  readonly fix: string | null;
}

export interface Preflight {
  readonly canTrace: boolean;
  readonly tracefs: string | null;
  readonly kernel: string;
  readonly arch: string;
  readonly cpus: number;
  readonly fileNames: FileNameSource;
  readonly findings: readonly Finding[];
  /** The code of the first thing that is missing, for an error. */
  readonly code: TraceErrorCode | null;
}

const MOUNT = 'mount -t tracefs nodev /sys/kernel/tracing';

export function inspectTracing(): Preflight {
  const findings: Finding[] = [];
  const tracefs = findTracefs();
  const codes: TraceErrorCode[] = [];
  const missing = (subject: string, found: string, fix: string, as: TraceErrorCode): void => {
    findings.push({ subject, level: 'missing', found, fix });
    codes.push(as);
  };
  const ok = (subject: string, found: string): void => {
    findings.push({ subject, level: 'ok', found, fix: null });
  };
  if (tracefs === null)
    missing('tracefs', 'no mount of type tracefs in /proc/self/mounts', MOUNT, 'TRACEFS_MISSING');
  else inspectMounted(tracefs, findings, missing, ok);
  if (seesGlobalPids()) ok('pids', 'this process sees the pids of the machine');
  else {
    missing(
      'pids',
      'a pid namespace of its own',
      'start the container with --pid=host, or run on the host',
      'PID_NAMESPACE',
    );
  }
  return {
    canTrace: codes.length === 0,
    tracefs,
    kernel: os.release(),
    arch: os.arch(),
    cpus: os.cpus().length,
    fileNames: tracefs === null ? 'none' : expectFileNames(tracefs).source,
    findings,
    code: codes[0] ?? null,
  };
}

function inspectMounted(
  tracefs: string,
  findings: Finding[],
  missing: (subject: string, found: string, fix: string, code: TraceErrorCode) => void,
  ok: (subject: string, found: string) => void,
): void {
  ok('tracefs', `mounted on ${tracefs}`);
  const instances = path.join(tracefs, 'instances');
  if (!mayWrite(instances)) {
    missing(
      'permission',
      `uid ${ownUid()} may not write to ${instances}`,
      lockedDown() ?? 'run as root (sudo)',
      'TRACEFS_DENIED',
    );
    return;
  }
  ok('permission', `uid ${ownUid()} may make instances`);
  inspectEvents(tracefs, findings, missing, ok);
  inspectLeftovers(instances, findings);
}

/** A number, and no user: os.userInfo() throws for a uid that /etc/passwd does not have, as containers run with. */
function ownUid(): number | string {
  return process.geteuid?.() ?? 'unknown';
}

function inspectEvents(
  tracefs: string,
  findings: Finding[],
  missing: (subject: string, found: string, fix: string, code: TraceErrorCode) => void,
  ok: (subject: string, found: string) => void,
): void {
  const has = (event: string): boolean => existsSync(path.join(tracefs, 'events', event));
  const needed: [string, string][] = [
    ['signal/signal_generate', 'CONFIG_EVENT_TRACING'],
    ['sched/sched_process_fork', 'CONFIG_EVENT_TRACING'],
    ['syscalls/sys_enter_openat', 'CONFIG_FTRACE_SYSCALLS'],
  ];
  const absent = needed.filter(([event]) => !has(event));
  for (const [event, option] of absent)
    missing('events', `no ${event}`, `a kernel with ${option}=y`, 'EVENT_UNKNOWN');
  if (absent.length === 0) ok('events', 'system calls, scheduler and signals');
  const limit = (subject: string, found: string, fix: string | null): void => {
    findings.push({ subject, level: 'limit', found, fix });
  };
  const trigger = path.join(tracefs, 'events/signal/signal_generate/trigger');
  if (!existsSync(trigger) || !readFileSync(trigger, 'utf8').includes('stacktrace')) {
    limit('call traces', 'no stacktrace trigger', 'a kernel with CONFIG_STACKTRACE=y');
  } else if (!kernelSymbolsShown()) {
    limit('call traces', 'kernel addresses are hidden', 'sysctl kernel.kptr_restrict=1, and run as root');
  } else ok('call traces', 'by the stacktrace trigger');
  const { source, probe } = expectFileNames(tracefs);
  const texts: Record<FileNameSource, string> = {
    syscall: 'the system call events carry them',
    probe: `a probe on ${probe?.place ?? 'a function that opens'}, tried when a session is armed`,
    inode: 'no probes in this kernel: libraries by inode and /proc/PID/maps, other files unnamed',
    none: 'no probes and no inodes in this kernel: only what /proc/PID/maps shows while the process lives',
  };
  if (source === 'syscall' || source === 'probe') ok('file names', texts[source]);
  else limit('file names', texts[source], 'a kernel with CONFIG_KPROBE_EVENTS=y, or 6.19 and later');
}

function inspectLeftovers(instances: string, findings: Finding[]): void {
  const left = readdirSync(instances).filter((name) => abandonedInstance(name) !== null);
  if (left.length === 0) return;
  findings.push({
    subject: 'leftovers',
    level: 'limit',
    found: `${left.length} instance(s) of a process of ours that is gone`,
    fix: 'nothing to do; the next session removes them',
  });
}

function mayWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Kernel lockdown in its confidentiality level refuses tracefs even to root. */
function lockedDown(): string | null {
  try {
    const lockdown = readFileSync('/sys/kernel/security/lockdown', 'utf8');
    return lockdown.includes('[confidentiality]') ? 'boot with lockdown=integrity or less' : null;
  } catch {
    return null;
  }
}

/** Enough of kallsyms to meet code in it: the whole of it takes the kernel a tenth of a second to print. */
const SYMBOLS_BYTES = 1 << 16;

function kernelSymbolsShown(): boolean {
  try {
    // The first symbols are per-CPU offsets, zero for everybody; code is what a call trace points at.
    return /^0*[1-9a-f][0-9a-f]* [Tt] /m.test(firstText('/proc/kallsyms', SYMBOLS_BYTES));
  } catch {
    return false;
  }
}

/** A file of /proc gives less than is asked for in one read. */
function firstText(file: string, bytes: number): string {
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    let used = 0;
    for (let read = -1; read !== 0 && used < bytes; used += read)
      read = readSync(fd, buffer, used, bytes - used, null);
    return buffer.toString('latin1', 0, used);
  } finally {
    closeSync(fd);
  }
}

/** @throws TraceError with the first thing that is missing, and how to fix it */
export function requireTracing(preflight: Preflight): string {
  if (preflight.code === null && preflight.tracefs !== null) return preflight.tracefs;
  const missing = preflight.findings.find((finding) => finding.level === 'missing');
  throw new TraceError(
    preflight.code ?? 'TRACEFS_MISSING',
    `${missing?.found ?? ''}; fix: ${missing?.fix ?? ''}`,
  );
}
