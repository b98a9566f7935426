/**
 * Probes that tell the name that a call opens or executes, best first. Which of them work depends on how this kernel
 * was built more than on its version: functions are renamed and inlined, and a probe may be taken and then never
 * fire, or give `(fault)` for every name. So the order is only the order of trying (probe-trial.ts).
 *
 * Syntax: Documentation/trace/kprobetrace.rst, fprobetrace.rst, eprobetrace.rst. `$argN` and `$retval` are read at
 * the function's entry and return.
 */
import type { EventChoice } from './presets';

export interface NameProbe {
  /** The event's name, by which a trace says which probe gave a name. */
  readonly event: string;
  /** For a person: "the return of getname_flags". */
  readonly place: string;
  /** The function that it is put on; null where it is on events. */
  readonly on: string | null;
  /** Lines for `dynamic_events`, in order. */
  readonly definitions: (group: string) => readonly string[];
  /** What must be on in the instance for it, besides its own event. */
  readonly triggers?: (group: string) => readonly EventChoice[];
}

/** `struct filename` begins with the pointer to the kernel's own copy, which is never paged out (include/linux/fs.h). */
const NAME_OF_RETURNED = 'path=+0(+0($retval)):string';
const NAME_OF_SECOND = 'path=+0(+0($arg2)):string';

/** Every name that a call hands to the kernel, also of chdir, stat and unlink: fs/namei.c. */
const RETURN_PROBES: readonly NameProbe[] = [
  {
    event: 'getname',
    place: 'the return of getname_flags, by fprobe',
    on: 'getname_flags',
    definitions: (group) => [`f:${group}/getname getname_flags%return ${NAME_OF_RETURNED}`],
  },
  {
    event: 'getname',
    place: 'the return of getname_flags, by kretprobe',
    on: 'getname_flags',
    definitions: (group) => [`r:${group}/getname getname_flags ${NAME_OF_RETURNED}`],
  },
];

/** What is opened or executed, also by io_uring: fs/namei.c; `do_file_open` is its name since 7.1 or so. */
const OPEN_PROBES: readonly NameProbe[] = ['do_filp_open', 'do_file_open'].map((name) => ({
  event: name.slice('do_'.length),
  place: name,
  on: name,
  definitions: (group) => [`p:${group}/${name.slice('do_'.length)} ${name} ${NAME_OF_SECOND}`],
}));

/** The caller's own memory, which may not be there yet: then the name reads `(fault)`. fs/open.c. */
const USER_PROBES: readonly NameProbe[] = [
  {
    event: 'openat2',
    place: 'do_sys_openat2, in the memory of the caller',
    on: 'do_sys_openat2',
    definitions: (group) => [`p:${group}/openat2 do_sys_openat2 path=+0($arg2):ustring`],
  },
];

/**
 * Without kprobes: a histogram keeps the address of the name from the call's enter event to its exit event, when the
 * kernel has read the name and its page is there (eprobetrace.rst, example 3).
 */
const EVENT_PROBE: NameProbe = {
  event: 'openat',
  place: 'the exit event of openat, by event probe',
  on: null,
  definitions: (group) => [
    `s:${group}_name unsigned long filename`,
    `e:${group}/openat synthetic.${group}_name path=+0($filename):ustring`,
  ],
  triggers: (group) => [
    { event: 'syscalls/sys_enter_openat', trigger: 'hist:keys=common_pid:called=filename' },
    {
      event: 'syscalls/sys_exit_openat',
      trigger: `hist:keys=common_pid:address=$called:onmatch(syscalls.sys_enter_openat).trace(${group}_name,$address)`,
    },
  ],
};

export const NAME_PROBES: readonly NameProbe[] = [
  ...RETURN_PROBES,
  ...OPEN_PROBES,
  ...USER_PROBES,
  EVENT_PROBE,
];
