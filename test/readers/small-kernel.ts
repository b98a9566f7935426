/** A kernel with six events, for pages that are composed record by record. */
import { EventTable } from '../../src/readers/pages/event-table';
import { KernelSymbols } from '../../src/readers/pages/kernel-symbols';
import { X86_64_LAYOUT } from '../../src/readers/pages/page-layout';
import type { RingContext } from '../../src/readers/pages/ring-event';
import { TaskNames } from '../../src/readers/pages/task-names';
import { recordOf } from './compose-page';

const COMMON = [
  'unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;',
  'unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;',
  'unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;',
  'int common_pid;\toffset:4;\tsize:4;\tsigned:1;',
];

const EVENTS: Readonly<Record<string, { readonly id: number; readonly fields: readonly string[] }>> = {
  kernel_stack: {
    id: 4,
    fields: [
      'int size;\toffset:8;\tsize:4;\tsigned:1;',
      'unsigned long caller[8];\toffset:16;\tsize:64;\tsigned:0;',
    ],
  },
  tick: { id: 30, fields: ['unsigned int number;\toffset:8;\tsize:4;\tsigned:0;'] },
  signal_generate: { id: 31, fields: ['int sig;\toffset:8;\tsize:4;\tsigned:1;'] },
  task_rename: {
    id: 32,
    fields: [
      'pid_t pid;\toffset:8;\tsize:4;\tsigned:1;',
      'char newcomm[16];\toffset:12;\tsize:16;\tsigned:0;',
    ],
  },
  sched_process_fork: {
    id: 33,
    fields: [
      'pid_t child_pid;\toffset:8;\tsize:4;\tsigned:1;',
      'char child_comm[16];\toffset:12;\tsize:16;\tsigned:0;',
    ],
  },
  task_newtask: {
    id: 34,
    fields: [
      'pid_t pid;\toffset:8;\tsize:4;\tsigned:1;',
      'char comm[16];\toffset:12;\tsize:16;\tsigned:0;',
      'unsigned long clone_flags;\toffset:32;\tsize:8;\tsigned:0;',
    ],
  },
};

const KALLSYMS = `ffffffff81000000 T send_signal_locked
ffffffff81000100 T do_send_sig_info
ffffffff81000200 T __x64_sys_kill
`;

/** TRACE_FLAG_HARDIRQ */
export const IN_HARD_INTERRUPT = 0x08;

export function smallKernel(): RingContext {
  const table = new EventTable(X86_64_LAYOUT);
  for (const [name, { id, fields }] of Object.entries(EVENTS)) {
    const lines = [...COMMON, '', ...fields].map((field) => (field === '' ? '' : `\tfield:${field}`));
    table.add(`name: ${name}\nID: ${id}\nformat:\n${lines.join('\n')}\n\nprint fmt: "x"\n`);
  }
  return {
    table,
    names: new TaskNames(),
    symbols: new KernelSymbols(() => KALLSYMS),
    flagStyle: { columns: 5, lazyReschedule: true },
    clockInNs: true,
    instances: ['', ''],
  };
}

function integer(value: number): number[] {
  return [...new Uint8Array(Uint32Array.of(value).buffer)];
}

function comm(name: string): number[] {
  return [...Buffer.alloc(16, `${name}\0`.padEnd(16, '\0'))];
}

function idOf(event: string): number {
  return EVENTS[event]!.id;
}

export function tick(number: number, pid = 100, flags = 0): Uint8Array {
  return recordOf(idOf('tick'), pid, integer(number), flags);
}

export function signalGenerate(sig: number, pid = 100, flags = 0): Uint8Array {
  return recordOf(idOf('signal_generate'), pid, integer(sig), flags);
}

/** A call trace of functions by their place in KALLSYMS. */
export function kernelStack(functions: readonly number[], pid = 100, flags = 0): Uint8Array {
  const callers = functions.flatMap((index) => [
    ...integer(0x81000010 + index * 0x100),
    ...integer(0xffffffff),
  ]);
  return recordOf(idOf('kernel_stack'), pid, [...integer(functions.length), 0, 0, 0, 0, ...callers], flags);
}

export function taskRename(pid: number, name: string): Uint8Array {
  return recordOf(idOf('task_rename'), pid, [...integer(pid), ...comm(name)]);
}

export function schedProcessFork(parent: number, child: number, name: string): Uint8Array {
  return recordOf(idOf('sched_process_fork'), parent, [...integer(child), ...comm(name)]);
}

export function taskNewtask(parent: number, child: number, name: string, cloneFlags: number): Uint8Array {
  const rest = [...integer(child), ...comm(name), 0, 0, 0, 0, ...integer(cloneFlags), 0, 0, 0, 0];
  return recordOf(idOf('task_newtask'), parent, rest);
}
