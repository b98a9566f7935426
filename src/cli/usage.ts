/** How to call `ftrace-life`, in words; an invalid call ends with exit status 2. */

/** The commands, in the order in which help shows them. */
export const COMMAND_NAMES = ['doctor', 'record', 'watch', 'report', 'events'] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

export function isCommand(name: string): name is CommandName {
  return (COMMAND_NAMES as readonly string[]).includes(name);
}

export const USAGE = `ftrace-life: follow the life of a process with Linux ftrace

Usage:
  ftrace-life doctor [--json]
      Shows what this machine allows, and the command that fixes whatever is missing.
  ftrace-life record [OPTION...] -- COMMAND [ARG...]
  ftrace-life record [OPTION...] --pid PID
      Runs COMMAND under the tracer, or follows a process that is already running, and prints its life.
  ftrace-life watch [OPTION...] [SELECTOR...]
      Follows the whole machine, or what matches, and prints a line for each signal and each end.
  ftrace-life report [OPTION...] FILE
      Prints the lives in a saved trace, and the alerts that they raise.
  ftrace-life events [OPTION...] FILE
      Prints the decoded events of a saved trace, or converts it to a trace.dat.

  ftrace-life COMMAND --help      all options of one command
  ftrace-life --version

Exit status: 0 done; 1 the input or the run failed; 2 invalid call.
`;

const DOCTOR = `ftrace-life doctor: show what this machine allows, and how to fix whatever is missing

Usage:
  ftrace-life doctor [--json]

Options:
      --json            the same as JSON
  -h, --help            this help

Exit status: 0 this machine can trace; 1 it cannot; 2 invalid call.
`;

const RECORD = `ftrace-life record: run a command under the tracer, or follow processes that are already running

Usage:
  ftrace-life record [OPTION...] -- COMMAND [ARG...]
  ftrace-life record [OPTION...] --pid PID [--pid PID...]

COMMAND is traced from its first instruction. When the report goes to standard output, COMMAND's own output goes to
standard error. Ctrl-C ends COMMAND and still prints the report.

What to run or follow:
      --kill SIG@SECONDS    send the signal SIG so long after the start: SIGKILL@0.3
      --timeout SECONDS     end COMMAND after this time, with SIGTERM, then SIGKILL
      --pid PID             follow this process and everything that it forks from now on; may be repeated. Followed
                            processes are never signalled
      --for SECONDS         with --pid: stop after this time. Without it: when they have exited, or at Ctrl-C

What to record:
      --events LIST         lifecycle (the default), all, or event names: sched_process_exit,signal:*
      --buffer KIB          ring buffer of each CPU, 4 to 1048576 KiB; the default is 16384

What to write:
      --format FORMAT       story (the default without -o): the life in words
                            json: the report
                            ndjson, text: the decoded events as they come, one JSON object or one ftrace line each
                            count: only how many events were recorded and lost
  -o, --output FILE         keep a capture, for report and events. FILE.dat becomes a trace.dat, for trace-cmd and
                            KernelShark

  -h, --help                this help

Exit status: 0 done, whatever became of COMMAND; 1 the run failed; 2 invalid call.
`;

const WATCH = `ftrace-life watch: follow the whole machine, or what matches, until Ctrl-C

Usage:
  ftrace-life watch [OPTION...] [SELECTOR...]

Prints a line for each signal to a watched process, with its sender and what became of it, and for each end. A process
that matches is watched with everything that it forks; what comes to match later is watched from then on. Without a
SELECTOR the whole machine is watched.

SELECTOR is one of these; conditions with commas between must all hold, of several selectors one is enough:
  nginx, name:ngin*         the name of the process, or of the file that it runs; * and ? as in a shell
  /usr/sbin/*, path:...     the path of the file that it runs
  web.service, unit:...     the systemd unit
  container:ID              the container, by its id or the first 12 digits
  cgroup:/PATH              the cgroup, and those below it
  user:NAME                 the real user, by name or number
  812, pid:812              the pid
  pidfile:/run/web.pid      whatever pid is in the file
  children-of:NAME          everything that a process of this name or pid has forked
  host                      everything

Options:
      --exclude SELECTOR    leave out what matches; may be repeated
      --mute SIGNALS        signals that the kernel does not report, separated by commas, instead of the default
                            SIGURG,SIGWINCH,32,33. SIGCHLD is reported only for deaths by a signal
      --only WHAT           fatal: only signals that ended a process
                            unexpected: only alerts
      --rules FILE          raise alerts by these rules; "default": by the default verdicts alone.
                            Without it also for a service that is killed 4 times in 10 minutes
      --format FORMAT       line (the default): for a person, in colour on a terminal
                            ndjson: one JSON object a line for each record and each alert
                            ecs: only the alerts, in the Elastic Common Schema, one JSON object a line
      --for SECONDS         stop after this time
      --metrics FILE        write counters to FILE every 5 s, in the text format of Prometheus
      --buffer KIB          ring buffer of each CPU, 4 to 1048576 KiB; the default is 4096

  -h, --help                this help

Exit status: 0 done; 1 the watch failed; 2 invalid call.
`;

const REPORT = `ftrace-life report: print the lives in a saved trace, and the alerts that they raise

Usage:
  ftrace-life report [OPTION...] FILE

FILE is a capture of record -o, ftrace text, a trace.dat, or - for standard input (a trace.dat cannot come from there).

Options:
      --format FORMAT       story (the default): the lives in words
                            json: the report
                            ndjson: one JSON object a line for each process, signal, loss and alert
                            ecs: only the alerts, in the Elastic Common Schema, one JSON object a line
      --rules FILE          add the alerts that signal-filter would raise with these rules; "default" stands for no
                            rules, only the default verdicts
      --maps FILE           compare with a copy of /proc/PID/maps that was saved while the process lived

  -h, --help                this help

Exit status: 0 done; 1 the input cannot be read; 2 invalid call.
`;

const EVENTS = `ftrace-life events: print the decoded events of a saved trace

Usage:
  ftrace-life events [OPTION...] FILE

FILE is a capture of record -o, ftrace text, a trace.dat, or - for standard input (a trace.dat cannot come from there).

Options:
      --format FORMAT       ndjson (the default): one JSON object a line
                            text: lines as in /sys/kernel/tracing/trace
                            count: only {"events":N,"lost":N,"unexplained":N}
                            trace.dat: for trace-cmd and KernelShark; needs -o
  -o, --output FILE         write to FILE. For FILE.dat the format is trace.dat

  -h, --help                this help

Exit status: 0 done; 1 the input cannot be read; 2 invalid call.
`;

export const HELP: Readonly<Record<CommandName, string>> = {
  doctor: DOCTOR,
  record: RECORD,
  watch: WATCH,
  report: REPORT,
  events: EVENTS,
};

/** An invalid call. The message has no full stop: where to find help comes after it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
