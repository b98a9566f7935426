/**
 * A system call as a line for a person, in the manner of strace: `openat("/etc/passwd") = 3`. What tells little (flags,
 * addresses of buffers, the directory that a name is relative to where it is the working directory) is left out.
 */
import { errnoName, isErrno } from '../kernel/errno';
import { toHex } from '../kernel/integers';
import { signalName } from '../kernel/signals';
import type { FieldValue } from '../trace-event';
import { int32 } from './field-values';
import { AT_FDCWD, directoryOf } from './file-names';
import { argument, type PendingCall } from './pending-call';

/** How an argument is written. */
type Form = 'number' | 'size' | 'address' | 'signal' | 'descriptor';
type Argument = readonly [field: string, form: Form];

/** Longer names are cut: a path may have 4,096 bytes. */
const LONGEST_NAME = 200;
/** Of a call that has no line of its own below. */
const MAX_ARGUMENTS = 6;

const NAMED = /^(?:open|openat|openat2|creat|execve|execveat|chdir|memfd_create)$/;
const RETURNS_ADDRESS = new Set(['mmap', 'mremap']);

/** The arguments that are shown, under the kernel's names for them (SYSCALL_DEFINE of each). */
const SHOWN: Readonly<Record<string, readonly Argument[]>> = {
  clone: [],
  clone3: [],
  fork: [],
  vfork: [],
  close: [['fd', 'number']],
  close_range: [
    ['fd', 'number'],
    ['max_fd', 'number'],
  ],
  dup: [['fildes', 'number']],
  dup2: [
    ['oldfd', 'number'],
    ['newfd', 'number'],
  ],
  dup3: [
    ['oldfd', 'number'],
    ['newfd', 'number'],
  ],
  exit: [['error_code', 'number']],
  exit_group: [['error_code', 'number']],
  fchdir: [['fd', 'number']],
  fcntl: [
    ['fd', 'number'],
    ['cmd', 'number'],
  ],
  kill: [
    ['pid', 'number'],
    ['sig', 'signal'],
  ],
  mmap: [
    ['addr', 'address'],
    ['len', 'size'],
    ['fd', 'descriptor'],
  ],
  mprotect: [
    ['start', 'address'],
    ['len', 'size'],
  ],
  mremap: [
    ['addr', 'address'],
    ['old_len', 'size'],
    ['new_len', 'size'],
  ],
  munmap: [
    ['addr', 'address'],
    ['len', 'size'],
  ],
  pidfd_open: [['pid', 'number']],
  pidfd_send_signal: [
    ['pidfd', 'number'],
    ['sig', 'signal'],
  ],
  pread64: [
    ['fd', 'number'],
    ['count', 'size'],
  ],
  ptrace: [
    ['request', 'number'],
    ['pid', 'number'],
  ],
  read: [
    ['fd', 'number'],
    ['count', 'size'],
  ],
  rt_sigqueueinfo: [
    ['pid', 'number'],
    ['sig', 'signal'],
  ],
  rt_sigtimedwait: [],
  rt_tgsigqueueinfo: [
    ['tgid', 'number'],
    ['pid', 'number'],
    ['sig', 'signal'],
  ],
  tgkill: [
    ['tgid', 'number'],
    ['pid', 'number'],
    ['sig', 'signal'],
  ],
  tkill: [
    ['pid', 'number'],
    ['sig', 'signal'],
  ],
  wait4: [['upid', 'number']],
  waitid: [
    ['which', 'number'],
    ['upid', 'number'],
  ],
};

/** `mmap(0x7f0000000000, 4096) = 0x7f0000000000`; without ` = ` for a call that has not returned. */
export function callText(call: PendingCall): string {
  const shown = `${call.name}(${argumentTexts(call).join(', ')})`;
  return call.ret === null ? shown : `${shown} = ${resultText(call.name, call.ret)}`;
}

function argumentTexts(call: PendingCall): string[] {
  if (NAMED.test(call.name)) return nameTexts(call);
  const shown = SHOWN[call.name] ?? Object.keys(call.event.fields).filter(isArgument).slice(0, MAX_ARGUMENTS);
  return shown.flatMap((each) => {
    const [field, form] = typeof each === 'string' ? ([each, null] as const) : each;
    const value = argument(call, field);
    return value === undefined ? [] : valueText(value, form);
  });
}

/** The file's name, after the descriptor of its directory where that is one; `?` where the trace has no name. */
function nameTexts(call: PendingCall): string[] {
  const directory = call.name.endsWith('at') || call.name === 'openat2' ? directoryOf(call) : null;
  const where = directory === null || directory === AT_FDCWD ? [] : [String(directory)];
  if (call.path === null) return [...where, '?'];
  const { path } = call.path;
  // JSON's quotes: a name may hold any byte but zero.
  const name = path.length <= LONGEST_NAME ? path : `${path.slice(0, LONGEST_NAME)}...`;
  return [...(path.startsWith('/') ? [] : where), JSON.stringify(name)];
}

function isArgument(field: string): boolean {
  return !field.startsWith('__') && !field.startsWith('common_');
}

function valueText(value: FieldValue, form: Form | null): string[] {
  const number = int32(value);
  if (form === 'signal' && number !== null) return [number === 0 ? '0' : signalName(number)];
  // Memory that is no file's has none.
  if (form === 'descriptor' && number !== null) return number < 0 ? [] : [String(number)];
  if (form === 'number' && number !== null) return [String(number)];
  if (form === 'size' && typeof value === 'number') return [String(value)];
  const digits = toHex(value);
  if (digits === undefined) return [JSON.stringify(value)];
  return [form === null && digits.length <= 4 ? String(number) : `0x${digits}`];
}

function resultText(name: string, ret: number): string {
  if (isErrno(ret)) return `-${errnoName(ret)}`;
  return RETURNS_ADDRESS.has(name) ? `0x${toHex(ret) ?? '0'}` : String(ret);
}
