/** Follows what opens, duplicates and closes files, and the process's working directory. */
import { errnoName, isErrno } from '../kernel/errno';
import { parseOpenFlags } from '../kernel/open-flags';
import type { EventFields } from '../trace-event';
import { int32 } from './field-values';
import { directoryOf, stringOfCall } from './file-names';
import { resolvePath } from './working-directory';
import { type NamedPath, argument, type PendingCall } from './pending-call';
import { unnamedFile, type OpenFile } from './open-files';
import type { Process, Task } from './process';
import type { OpenedFile } from './report';
import { type CallSubject } from './system-calls';

/** Kept for each process: a program that opens files for ever must not fill the memory. */
const MAX_FILES = 10_000;

const O_CLOEXEC = 0o2000000;
const F_DUPFD = 0;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_DUPFD_CLOEXEC = 1030;
const CLOSE_RANGE_CLOEXEC = 4;

/** Their result is a descriptor that is no named file; the value is the argument with the flags, if there is one. */
const OTHER_DESCRIPTORS: readonly (readonly [call: string, flags: string | null])[] = [
  ['socket', 'type'],
  ['accept', null],
  ['accept4', 'flags'],
  ['epoll_create', null],
  ['epoll_create1', 'flags'],
  ['eventfd', null],
  ['eventfd2', 'flags'],
  ['timerfd_create', 'flags'],
  ['inotify_init', null],
  ['inotify_init1', 'flags'],
  ['userfaultfd', 'flags'],
  ['pidfd_getfd', null],
  ['perf_event_open', null],
  ['io_uring_setup', null],
  ['open_by_handle_at', 'flags'],
];

function closesOnExec(flags: EventFields[string] | undefined): boolean {
  const number =
    typeof flags === 'string' ? (int32(flags) ?? parseOpenFlags(flags) ?? 0) : (int32(flags) ?? 0);
  return (number & O_CLOEXEC) !== 0;
}

/** Adds the line to the report; past the limit only the number grows. */
function list(process: Process, opened: OpenedFile): OpenedFile | null {
  if (opened.path === null && opened.error === null) process.unnamedOpens++;
  if (process.record.files.length >= MAX_FILES) {
    process.filesLeftOut++;
    return null;
  }
  process.record.files.push(opened);
  return opened;
}

/** The call, and the probe on its exit event, which fires after it (src/tracefs/name-probes.ts). */
export const NAMES_BEHIND_EXIT = 'openat';

function finishOpen(task: Task, call: PendingCall | null, ret: number, ts: number, name: string): void {
  const { process } = task;
  const found = nameOf(task, call);
  const dfd = call && call.name !== 'open' ? directoryOf(call) : null;
  const path = found && resolvePath(process, found.path, dfd);
  const failed = isErrno(ret);
  const opened: OpenedFile = {
    ts: call?.ts ?? ts,
    path,
    fd: failed ? null : ret,
    error: failed ? errnoName(ret) : null,
    nameSource: found?.source ?? null,
    call: name,
  };
  const listed = list(process, opened);
  const unnamed = path === null && name === NAMES_BEHIND_EXIT ? call : null;
  task.unnamedOpen = unnamed && { call: unnamed, opened, file: null, dfd };
  if (failed) return;
  const file: OpenFile = { path, nameSource: opened.nameSource, inode: null, listed };
  // openat2 has its flags in user memory. Taken as close-on-exec, a name may be missing after an exec, never wrong.
  process.files.install(ret, file, name === 'openat2' || closesOnExec(argument(call, 'flags')));
  if (unnamed) task.unnamedOpen = { call: unnamed, opened, file, dfd };
}

/** The name of the open that has just returned. */
export function nameReturnedOpen(task: Task, name: string): void {
  const { unnamedOpen } = task;
  task.unnamedOpen = null;
  if (unnamedOpen === null) return;
  const { call, opened, file, dfd } = unnamedOpen;
  call.path = { path: name, source: 'probe' };
  call.shown = null;
  opened.path = resolvePath(task.process, name, dfd);
  opened.nameSource = 'probe';
  if (file?.path !== null) return;
  file.path = opened.path;
  file.nameSource = 'probe';
  file.named?.();
}

function nameOf(task: Task, call: PendingCall | null): NamedPath | null {
  const { looseName } = task;
  task.looseName = null;
  if (call) return call.path;
  return looseName === null ? null : { path: looseName, source: 'probe' };
}

/** The name that the event itself carries; a probe inside the call may still bring one. */
export function takeOwnName(call: PendingCall): void {
  const path = stringOfCall(call, 'filename') ?? stringOfCall(call, 'pathname');
  if (path !== null) call.path = { path, source: 'syscall' };
}

function opening(name: string): [string, CallSubject] {
  return [
    name,
    {
      enter: (_task, call) => {
        takeOwnName(call);
      },
      exit: (task, call, ret, event) => {
        finishOpen(task, call, ret, event.ts, name);
      },
    },
  ];
}

function otherDescriptor(name: string, flags: string | null): [string, CallSubject] {
  return [
    name,
    {
      exit: (task, call, ret) => {
        if (isErrno(ret)) return;
        task.process.files.install(ret, unnamedFile(), flags !== null && closesOnExec(argument(call, flags)));
      },
    },
  ];
}

const close: CallSubject = {
  // At enter: another thread may get the number before this call is seen to return (fs/file.c frees it first).
  enter: (task, call) => {
    const fd = int32(argument(call, 'fd'));
    if (fd !== null) task.process.files.close(fd);
  },
};

const closeRange: CallSubject = {
  exit: (task, call, ret) => {
    if (!call || ret !== 0) return;
    const from = unsigned(argument(call, 'fd'));
    const to = unsigned(argument(call, 'max_fd'));
    if (from === null || to === null) return;
    if (((int32(argument(call, 'flags')) ?? 0) & CLOSE_RANGE_CLOEXEC) !== 0)
      task.process.files.closeRangeOnExec(from, to);
    else task.process.files.closeRange(from, to);
  },
};

/** close_range's last is often ~0U. */
function unsigned(value: EventFields[string] | undefined): number | null {
  const number = int32(value);
  return number === null ? null : number >>> 0;
}

const duplicating: CallSubject = {
  exit: (task, call, ret) => {
    if (!call || isErrno(ret)) return;
    const from = int32(argument(call, 'oldfd') ?? argument(call, 'fildes'));
    if (from !== null) task.process.files.duplicate(from, ret, closesOnExec(argument(call, 'flags')));
  },
};

const fcntl: CallSubject = {
  exit: (task, call, ret) => {
    if (!call || isErrno(ret)) return;
    const from = int32(argument(call, 'fd'));
    const command = int32(argument(call, 'cmd'));
    if (from === null) return;
    switch (command) {
      case F_DUPFD:
      case F_DUPFD_CLOEXEC:
        task.process.files.duplicate(from, ret, command === F_DUPFD_CLOEXEC);
        break;
      case F_SETFD:
        task.process.files.setCloseOnExec(from, ((int32(argument(call, 'arg')) ?? 0) & FD_CLOEXEC) !== 0);
        break;
    }
  },
};

const chdir: CallSubject = {
  enter: (_task, call) => {
    takeOwnName(call);
  },
  exit: (task, call, ret) => {
    if (ret !== 0) return;
    const { process } = task;
    const to = call?.path ? resolvePath(process, call.path.path, null) : null;
    process.cwd = to?.startsWith('/') ? to : null;
  },
};

const fchdir: CallSubject = {
  exit: (task, call, ret) => {
    if (ret !== 0) return;
    const fd = int32(argument(call, 'fd'));
    const path = fd === null ? null : (task.process.files.get(fd)?.path ?? null);
    task.process.cwd = path?.startsWith('/') ? path : null;
  },
};

const memfd: CallSubject = {
  exit: (task, call, ret) => {
    if (isErrno(ret)) return;
    const name = call && stringOfCall(call, 'uname');
    const path = name === null ? null : `/memfd:${name}`;
    const MFD_CLOEXEC = 1;
    const file: OpenFile = { path, nameSource: path === null ? null : 'syscall', inode: null, listed: null };
    task.process.files.install(ret, file, ((int32(argument(call, 'flags')) ?? 0) & MFD_CLOEXEC) !== 0);
  },
};

const pidfdOpen: CallSubject = {
  exit: (task, call, ret) => {
    if (isErrno(ret)) return;
    const pid = int32(argument(call, 'pid'));
    const file = pid === null ? unnamedFile() : { ...unnamedFile(), pid };
    // pidfd_open(2): always close-on-exec.
    task.process.files.install(ret, file, true);
  },
};

function signalfd(name: string): [string, CallSubject] {
  const [, descriptor] = otherDescriptor(name, 'flags');
  return [
    name,
    {
      exit: (task, call, ret, event) => {
        if (!isErrno(ret)) task.process.hasSignalfd = true;
        descriptor.exit?.(task, call, ret, event);
      },
    },
  ];
}

/** Only remembered: a page-cache event inside tells the inode of what is read (src/model/inode-names.ts). */
const read: CallSubject = {};

export const FILE_CALLS: readonly (readonly [string, CallSubject])[] = [
  opening('open'),
  opening('openat'),
  opening('openat2'),
  opening('creat'),
  ['close', close],
  ['close_range', closeRange],
  ['dup', duplicating],
  ['dup2', duplicating],
  ['dup3', duplicating],
  ['fcntl', fcntl],
  ['chdir', chdir],
  ['fchdir', fchdir],
  ['memfd_create', memfd],
  ['pidfd_open', pidfdOpen],
  signalfd('signalfd'),
  signalfd('signalfd4'),
  ['read', read],
  ['pread64', read],
  ...OTHER_DESCRIPTORS.map(([name, flags]) => otherDescriptor(name, flags)),
];
