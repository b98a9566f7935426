/** How to call `ftrace-life`; a call that does not fit ends with exit status 2. */

export const USAGE = `ftrace-life: follow the life of a process with Linux ftrace

  ftrace-life doctor [--json]
      What this machine allows, and the exact command to fix whatever is missing.
  ftrace-life record [-o FILE] [--events lifecycle|all|LIST] [--kill SIG@SECONDS] [--timeout SECONDS]
                     [--buffer KB] [--format story|json|ndjson|text|count] -- COMMAND [ARG...]
      Runs COMMAND under a traced parent and tells its life. The command's output goes to standard error where
      the report goes to standard output. -o keeps a capture that report and events read; a FILE that ends in
      .dat becomes a trace.dat for trace-cmd and KernelShark.
      ndjson and text are the decoded events, as they come; LIST is like sched_process_exit,signal:*
  ftrace-life record --pid PID [--pid PID...] [--for SECONDS] [-o FILE] [...]
      Follows processes that run already, with what they fork from now on, until they are gone, SECONDS are over, or
      Ctrl-C. They are never signalled.
  ftrace-life watch [SELECTOR...] [--exclude SELECTOR] [--only fatal|unexpected] [--mute SIGNAL,...] [--rules FILE]
                    [--format line|ndjson|ecs] [--for SECONDS] [--metrics FILE] [--buffer KB]
      Follows the whole machine, or what matches, until Ctrl-C: a line for each signal and each end, with who sent it.
      SELECTOR: a name or a path (globs), name:, path:, unit:, container:, cgroup:, user:, pid:, pidfile:, children-of:
      and host; conditions with commas between must all hold. --metrics writes Prometheus text.
  ftrace-life report FILE|- [--format story|json|ndjson|ecs] [--maps FILE] [--rules FILE]
      The same from a saved trace: ftrace text, or a capture of record -o. --maps compares with a copy of
      /proc/PID/maps; --rules FILE adds the alerts that signal-filter would raise (FILE "default": no rules).
      ecs is the alerts alone, one document of the Elastic Common Schema a line.
  ftrace-life events FILE|- [-o FILE] [--format ndjson|text|count|trace.dat]
      The decoded events, one JSON object a line. count prints {"events":N,"lost":N,"unexplained":N};
      -o life.dat makes a trace.dat of a capture.

Exit status: 0 done; 1 the input or the run failed; 2 usage.
`;

/** A call that does not fit. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** One of the allowed words. */
export function oneOf<Word extends string>(option: string, given: string, allowed: readonly Word[]): Word {
  const found = allowed.find((word) => word === given);
  if (found === undefined)
    throw new UsageError(`${option} "${given}": expected one of ${allowed.join(', ')}`);
  return found;
}
