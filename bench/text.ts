/** Reading a text trace: we, and what only splits its fields or counts its lines. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { COMMAND, timed, timedIfInstalled } from './measure';
import type { Row } from './table';

/** What the kernel prints of real work: 200 short lives, then many files found, looked at and read. */
const RECORD = `
set -e
instance=/sys/kernel/tracing/instances/ftrace-life-bench-$$
mkdir $instance
trap 'echo 0 > $instance/tracing_on; echo 0 > $instance/events/enable; rmdir $instance' EXIT
echo 0 > $instance/tracing_on; echo mono > $instance/trace_clock; echo 131072 > $instance/buffer_size_kb
echo $$ >> $instance/set_event_pid; echo 1 > $instance/options/event-fork
for events in syscalls task signal sched/sched_process_fork sched/sched_process_exec sched/sched_process_exit sched/sched_process_free; do
  echo 1 > $instance/events/$events/enable
done
echo 1 > $instance/tracing_on
sh -c 'n=0; while [ $n -lt 200 ]; do n=$((n + 1)); /bin/true; done
  find /usr/share /usr/lib -type f 2>/dev/null | head -n 60000 | xargs stat -c %s > /dev/null
  tar cf - /usr/include /usr/share/doc 2>/dev/null | wc -c > /dev/null'
echo 0 > $instance/tracing_on
cat $instance/trace | head -c "$2" > "$1"
`;

/** Records once for each folder. */
function recordedText(folder: string, megabytes: number): string {
  const file = path.join(folder, 'recorded.txt');
  if (!existsSync(file)) {
    const { status, stderr } = spawnSync('sh', ['-c', RECORD, 'sh', file, String(megabytes * 1e6)], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`no text trace could be recorded: ${stderr.trim()}`);
  }
  return file;
}

/** A trace of that many MB, of whole lines: one recording, over and over. The same times come again, which no reader minds. */
export function makeTextTrace(file: string, megabytes: number): void {
  const recorded = recordedText(path.dirname(file), 100);
  const from = openSync(recorded, 'r');
  const to = openSync(file, 'w');
  const block = Buffer.alloc(Math.min(statSync(recorded).size, megabytes * 1e6));
  readSync(from, block, 0, block.length, 0);
  for (let left = megabytes * 1e6; left > 0;) {
    const end = block.lastIndexOf('\n', Math.min(left, block.length) - 1) + 1;
    if (end === 0) break;
    writeSync(to, block, 0, end);
    left -= end;
  }
  closeSync(from);
  closeSync(to);
}

export async function textRows(folder: string): Promise<Row[]> {
  const trace = path.join(folder, 'trace.txt');
  makeTextTrace(trace, 100);
  return [
    await timed(
      'ftrace-life events --format count',
      [...COMMAND, 'events', trace, '--format', 'count'],
      (done) => done.stdout.trim(),
    ),
    await timed('ftrace-life report', [...COMMAND, 'report', trace], () => 'the whole story'),
    await timedIfInstalled(
      'mawk, fields split',
      ['mawk', '{ n += NF } END { print NR " lines" }', trace],
      (done) => done.stdout.trim(),
    ),
    await timedIfInstalled(
      'wc -l',
      ['wc', '-l', trace],
      (done) => `${done.stdout.split(' ')[0] ?? ''} lines`,
    ),
  ];
}
