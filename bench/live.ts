/** Tracing all system calls of one process that makes a million of them: we, strace, perf trace, cat trace_pipe. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compileCalls } from './calls';
import { COMMAND, isInstalled, timed, timedIfInstalled, type Done } from './measure';
import type { Row } from './table';

const CALLS = 1_000_000;

/** By hand: an instance and its pid list; tells how long the program took, in nanoseconds. READ is what reads meanwhile. */
function byHand(read: string): string {
  return `
set -e
instance=/sys/kernel/tracing/instances/ftrace-life-bench-$$
mkdir $instance
trap 'kill $reader 2>/dev/null || true; echo 0 > $instance/tracing_on; echo 0 > $instance/events/enable; wait; rmdir $instance' EXIT
echo 0 > $instance/tracing_on; echo mono > $instance/trace_clock; echo 16384 > $instance/buffer_size_kb
echo $$ >> $instance/set_event_pid; echo 1 > $instance/options/event-fork
echo 1 > $instance/events/syscalls/enable
${read}
echo 1 > $instance/tracing_on
began=$(date +%s%N)
"$1" ${CALLS}
ended=$(date +%s%N)
echo 0 > $instance/tracing_on
echo $((ended - began))
`;
}

/** What is neither printed nor counted here was still in the ring when its reader was ended. */
function readBy(text: string): string {
  const lost = [...text.matchAll(/^CPU:\d+ \[LOST (\d+) EVENTS\]/gm)].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  );
  return `${text.split('\n').length - 1} of ${2 * CALLS} events printed, ${lost} reported as lost, 1 s after the end`;
}

function nanoseconds({ stdout }: Done): number {
  return Number(stdout.trim()) / 1e9;
}

export async function liveRows(folder: string): Promise<Row[]> {
  if (!isInstalled('gcc'))
    return [{ tool: 'ftrace-life record', seconds: null, result: 'gcc is not installed' }];
  const program = compileCalls(folder);
  const run = [program, String(CALLS)];
  const piped = path.join(folder, 'trace_pipe');
  const record = [...COMMAND, 'record', '--events', 'all'];
  return [
    await timed('ftrace-life record --format count', [...record, '--format', 'count', '--', ...run], (done) =>
      done.stdout.trim(),
    ),
    await timed(
      'ftrace-life record --format json',
      [...record, '--format', 'json', '--', ...run],
      () => 'the whole report',
    ),
    await timed('the program alone', run, () => 'untraced'),
    await timed(
      'the program traced, unread',
      ['sh', '-c', byHand('reader='), 'sh', program],
      () => 'its own time: what the tracepoints cost it',
      nanoseconds,
    ),
    await timed(
      'cat trace_pipe',
      ['sh', '-c', `${byHand(`cat $instance/trace_pipe > "$2" & reader=$!`)}sleep 1`, 'sh', program, piped],
      () => readBy(readFileSync(piped, 'latin1')),
    ),
    await timedIfInstalled(
      'strace -f -o FILE',
      ['strace', '-f', '-o', path.join(folder, 'strace'), ...run],
      () => 'all calls, as text',
    ),
    await timedIfInstalled(
      'perf trace -o FILE',
      ['perf', 'trace', '-o', path.join(folder, 'perf'), ...run],
      () => 'all calls, as text',
    ),
  ];
}
