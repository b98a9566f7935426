/**
 * The name of the file that a call opens or executes. The syscall event has only an address before 6.19; then
 * the name comes from a string of the event itself (`__filename_val`), or from a probe that fires inside the
 * call, whatever the probe is called.
 */
import type { TraceEvent } from '../trace-event';
import { int32, textOf } from './field-values';
import { argument, type PendingCall } from './pending-call';

export const AT_FDCWD = -100;
/** What the probes that this project and its documents define call their string; `arg1`... is the kernel's default. */
const NAME_FIELDS = /^(?:arg\d+|path|pathname|name|filename|file|fname)$/;
/** Tracepoints of the kernel with a field of such a name that is not the file being opened. */
const KERNEL_SYSTEMS =
  /^(?:sys_|sched_|cgroup_|task_|signal_|module_|mm_|rpm_|regmap_|clk_|workqueue_|timer_|irq_)/;

/** The string that the kernel read from the caller's memory for this pointer argument (6.19 and later). */
export function stringOfCall(call: PendingCall, name: string): string | null {
  const carried = textOf(argument(call, `__${name}_val`));
  if (carried !== null) return carried === '(fault)' ? null : carried;
  const value = textOf(argument(call, name));
  return value === null || /^0x[0-9a-f]+$/i.test(value) || value === '(fault)' ? null : value;
}

export function isKernelEvent(name: string): boolean {
  return KERNEL_SYSTEMS.test(name);
}

/** The file name that a probe's event carries; null where it is no probe on a name, or the page was not there. */
export function nameOfProbe(event: TraceEvent): string | null {
  for (const [field, value] of Object.entries(event.fields)) {
    if (typeof value !== 'string' || !NAME_FIELDS.test(field)) continue;
    if (value === '' || value === '(fault)' || /^0x[0-9a-f]+$/i.test(value)) continue;
    return value;
  }
  return null;
}

/** The `dfd` argument of the `*at` calls. */
export function directoryOf(call: PendingCall): number | null {
  return int32(argument(call, 'dfd') ?? argument(call, 'fd'));
}
