/** Tracing all system calls of one process that makes a million of them: we, strace, perf trace, cat trace_pipe. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMMAND, isInstalled, timed, timedIfInstalled } from './measure';
import type { Row } from './table';

const CALLS = 1_000_000;
const SOURCE = `#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv) {
  for (long calls = atol(argv[argc - 1]); calls > 0; calls--) syscall(SYS_getppid);
  return 0;
}
`;

/** The same by hand: an instance, its pid list, and a reader of its text; prints how many events it saw and lost. */
const CAT = `
set -e
instance=/sys/kernel/tracing/instances/ftrace-life-bench-$$
mkdir $instance
trap 'kill $reader 2>/dev/null || true; echo 0 > $instance/tracing_on; echo 0 > $instance/events/enable; wait; rmdir $instance' EXIT
echo 0 > $instance/tracing_on; echo mono > $instance/trace_clock; echo 16384 > $instance/buffer_size_kb
echo $$ >> $instance/set_event_pid; echo 1 > $instance/options/event-fork
echo 1 > $instance/events/syscalls/enable
cat $instance/trace_pipe > "$2" & reader=$!
echo 1 > $instance/tracing_on
"$1" ${CALLS}
echo 0 > $instance/tracing_on
sleep 1
`;

/** What is neither printed nor counted here was still in the ring when its reader was ended. */
function readBy(text: string): string {
  const lost = [...text.matchAll(/^CPU:\d+ \[LOST (\d+) EVENTS\]/gm)].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  );
  return `${text.split('\n').length - 1} of ${2 * CALLS} events printed, ${lost} told as lost, 1 s after the end`;
}

export function liveRows(): Row[] {
  if (!isInstalled('gcc'))
    return [{ tool: 'ftrace-life record', seconds: null, result: 'gcc is not installed' }];
  const folder = mkdtempSync(path.join(tmpdir(), 'ftrace-life-bench-'));
  try {
    const program = path.join(folder, 'calls');
    writeFileSync(`${program}.c`, SOURCE);
    execFileSync('gcc', ['-O1', '-o', program, `${program}.c`]);
    const run = [program, String(CALLS)];
    const piped = path.join(folder, 'trace_pipe');
    return [
      timed(
        'ftrace-life record --format count',
        [...COMMAND, 'record', '--events', 'all', '--format', 'count', '--', ...run],
        (done) => done.stdout.trim(),
      ),
      timed(
        'ftrace-life record --format json',
        [...COMMAND, 'record', '--events', 'all', '--format', 'json', '--', ...run],
        () => 'the whole report',
      ),
      timed('the program alone', run, () => 'untraced'),
      timed('cat trace_pipe', ['sh', '-c', CAT, 'sh', program, piped], () =>
        readBy(readFileSync(piped, 'latin1')),
      ),
      timedIfInstalled(
        'strace -f -o FILE',
        ['strace', '-f', '-o', path.join(folder, 'strace'), ...run],
        () => 'all calls, as text',
      ),
      timedIfInstalled(
        'perf trace -o FILE',
        ['perf', 'trace', '-o', path.join(folder, 'perf'), ...run],
        () => 'all calls, as text',
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
