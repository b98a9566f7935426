/**
 * All that a session reads in /proc/PID, one function for each file; and what they say of a process that runs already,
 * as a note that goes with the trace: from it the model knows what the process had open and mapped, and its working directory,
 * before its first event.
 *
 * Files: proc_pid_stat(5), proc_pid_status(5), proc_pid_fd(5), proc_pid_fdinfo(5), proc_pid_maps(5).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cgroupOf } from '../kernel/cgroup-path';
import { parseProcStat, TICKS_A_SECOND, type ProcStat } from '../kernel/proc-stat';
import { parseMaps } from '../readers/maps';
import type { MapsEntry, TraceNote } from '../trace-event';

export type AttachedNote = Extract<TraceNote, { kind: 'attached' }>;

/** A process may have a million; what it opens later is in the trace anyway. */
const MAX_FILES = 4096;
const O_CLOEXEC = 0o2000000;
/** '' where the process is gone, or the right to read it is missing. */
function readProcFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function readProcLink(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}

function listProcDirectory(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** What names this run of the machine's kernel (random(4)); null where it may not be read. */
export function bootId(): string | null {
  return readProcFile('/proc/sys/kernel/random/boot_id').trim() || null;
}

/** Every process of this pid namespace, by its pid. */
export function listProcesses(): number[] {
  return listProcDirectory('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Its threads at this moment; empty where there is no such process. */
export function threadsOf(pid: number): number[] {
  return listProcDirectory(`/proc/${pid}/task`).map(Number);
}

/** The process that a thread belongs to; null where there is no such thread. */
export function processOf(tid: number): number | null {
  const tgid = /^Tgid:\s*(\d+)$/m.exec(readProcFile(`/proc/${tid}/status`))?.[1];
  return tgid === undefined ? null : Number(tgid);
}

/** A thread's own name; null where it is gone. */
export function commOf(tid: number): string | null {
  const text = readProcFile(`/proc/${tid}/comm`);
  // The kernel ends it with a newline; a name may end with spaces of its own.
  return text === '' ? null : text.replace(/\n$/, '');
}

/** Null where it is gone. */
export function statOf(tid: number): ProcStat | null {
  return parseProcStat(readProcFile(`/proc/${tid}/stat`));
}

/** The process that a thread belongs to, and its real user; null where it is gone. */
export function ownerOf(tid: number): { tgid: number; uid: number } | null {
  const status = readProcFile(`/proc/${tid}/status`);
  const tgid = /^Tgid:\s*(\d+)$/m.exec(status)?.[1];
  const uid = /^Uid:\s*(\d+)\s/m.exec(status)?.[1];
  return tgid === undefined || uid === undefined ? null : { tgid: Number(tgid), uid: Number(uid) };
}

/** Its program; null where it has none (kernel threads, zombies), or the right to read it is missing. */
export function programOf(pid: number): string | null {
  const exe = readProcLink(`/proc/${pid}/exe`);
  return exe === null ? null : withoutDeleted(exe);
}

/** Its working directory; null where it is gone, or the right to read it is missing. */
export function directoryOf(pid: number): string | null {
  return readProcLink(`/proc/${pid}/cwd`);
}

/** The path of its cgroup; null where it is gone, or the kernel has no cgroups. */
export function cgroupPathOf(pid: number): string | null {
  return cgroupOf(cgroupFileOf(pid));
}

/** /proc/PID/cgroup: a line for each hierarchy; '' where the process is gone. */
export function cgroupFileOf(pid: number): string {
  return readProcFile(`/proc/${pid}/cgroup`);
}

/** What is mapped; empty for a zombie, and where the right to read it is missing. */
export function mapsOf(pid: number): MapsEntry[] {
  return parseMaps(readProcFile(`/proc/${pid}/maps`));
}

/** Arguments end with a zero byte each; a program may have written other things there. */
export function argumentsOf(pid: number): string[] {
  const text = readProcFile(`/proc/${pid}/cmdline`);
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

function openFilesOf(pid: number): AttachedNote['files'] {
  const files: { fd: number; path: string; closeOnExec: boolean }[] = [];
  for (const name of listProcDirectory(`/proc/${pid}/fd`)) {
    if (files.length === MAX_FILES) break;
    const path = readProcLink(`/proc/${pid}/fd/${name}`);
    if (path === null) continue;
    const flags = /^flags:\s*([0-7]+)$/m.exec(readProcFile(`/proc/${pid}/fdinfo/${name}`))?.[1] ?? '0';
    files.push({
      fd: Number(name),
      path: withoutDeleted(path),
      closeOnExec: (parseInt(flags, 8) & O_CLOEXEC) !== 0,
    });
  }
  return files;
}

/** What the kernel puts after the path of a file that has no name any more. */
function withoutDeleted(path: string): string {
  return path.replace(/ \(deleted\)$/, '');
}

/** The numbers of the signals in a mask as /proc/PID/status has it: bit 0 is signal 1. */
function signalsIn(status: string, mask: 'SigCgt' | 'SigIgn'): number[] {
  const bits = BigInt(`0x${new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  const numbers: number[] = [];
  for (let number = 1; number <= 64; number++) if ((bits >> BigInt(number - 1)) & 1n) numbers.push(number);
  return numbers;
}

/**
 * Reads it all. What this process may not read of another (descriptors and maps need ptrace's rights) is empty.
 * @param ts seconds on the trace clock, now
 * @returns null where it is gone, or a zombie: of that nothing is left to see
 */
export function readProcState(pid: number, ts: number): AttachedNote | null {
  const stat = statOf(pid);
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return null;
  const status = readProcFile(`/proc/${pid}/status`);
  return {
    kind: 'attached',
    pid,
    ts,
    comm: stat.comm,
    parent: stat.ppid,
    started: stat.startTime / TICKS_A_SECOND,
    threads: threadsOf(pid),
    argv: argumentsOf(pid),
    exe: programOf(pid),
    cwd: directoryOf(pid),
    files: openFilesOf(pid),
    maps: mapsOf(pid),
    caught: signalsIn(status, 'SigCgt'),
    ignored: signalsIn(status, 'SigIgn'),
  };
}
