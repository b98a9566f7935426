/** Reading a trace.dat: we, and trace-cmd report. The file is recorded and written by us. */
import path from 'node:path';
import { compileCalls } from './calls';
import { COMMAND, isInstalled, run, timed } from './measure';
import type { Row } from './table';

/** Many short lives, and one that makes calls flat out: over 2 million events. */
const LIVES = 300;
const CALLS = 1_000_000;

export async function makeTraceDat(file: string, program: string, calls: number): Promise<void> {
  const script = `i=0; while [ $i -lt ${LIVES} ]; do i=$((i + 1)); /bin/true; done; exec "$0" ${calls}`;
  await run([...COMMAND, 'record', '-o', file, '--events', 'all', '--', 'sh', '-c', script, program]);
}

export async function traceDatRows(folder: string): Promise<Row[]> {
  if (!isInstalled('gcc'))
    return [{ tool: 'ftrace-life events', seconds: null, result: 'gcc is not installed' }];
  const trace = path.join(folder, 'trace.dat');
  await makeTraceDat(trace, compileCalls(folder), CALLS);
  return [
    await timed(
      'ftrace-life events --format count',
      [...COMMAND, 'events', trace, '--format', 'count'],
      (done) => done.stdout.trim(),
    ),
    await timed(
      'ftrace-life report',
      [...COMMAND, 'report', trace],
      () => `the whole story, with ${LIVES} lives`,
    ),
    isInstalled('trace-cmd')
      ? await timed(
          'trace-cmd report > /dev/null',
          ['sh', '-c', 'trace-cmd report "$0" > /dev/null', trace],
          () => 'all events, as text',
        )
      : { tool: 'trace-cmd report', seconds: null, result: 'trace-cmd is not installed' },
  ];
}
