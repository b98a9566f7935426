import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { NodeMessageInFlow } from 'node-red';
import { openTraceFile } from '../../src/readers/trace-file';
import type { EventBatch, TraceEvent } from '../../src/trace-event';
import { needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';
import { RunningFlow } from './running-flow';

const COMMAND = path.resolve(__dirname, '../../src/cli/ftrace-life.js');
const isComplete = ({ complete }: NodeMessageInFlow): boolean => complete === true;

describe('trace-source with a recording of ours', () => {
  const folder = temporaryFolder('recordings');
  let flow: RunningFlow;
  before(async function () {
    await needs(this, { tracefs: true });
  });
  afterEach(() => flow.stop());

  for (const [name, source] of [
    ['life.bin', 'raw'],
    ['life.dat', 'trace.dat'],
  ] as const) {
    it(`replays ${name} as fast as it is set to, each event once and in order, as ${source}`, async () => {
      const file = path.join(folder, name);
      execFileSync(process.execPath, [COMMAND, 'record', '-o', file, '--', 'sleep', '0.1'], {
        stdio: 'pipe',
      });
      const events: TraceEvent[] = [];
      let notes = 0;
      for await (const batch of (await openTraceFile(file)).batches) {
        events.push(...batch.toArray());
        notes += batch.notes.length;
      }
      const span = events.at(-1)!.ts - events[0]!.ts;
      flow = await RunningFlow.start([
        {
          id: 'source',
          type: 'trace-source',
          source: 'file',
          path: file,
          pathType: 'str',
          speed: 'factor',
          factor: String(span / 0.3),
          wires: [['one', 'two']],
        },
      ]);
      flow.send('source');
      const end = await flow.first('one', isComplete);
      await flow.first('two', isComplete);
      assert.equal((end.ftrace as { source: string }).source, source);
      for (const sink of ['one', 'two']) {
        const batches = flow.all(sink).map(({ payload }) => payload as EventBatch);
        assert.ok(batches.length > 2);
        assert.deepEqual(
          batches.flatMap((batch) => batch.toArray()),
          events,
        );
        assert.equal(
          batches.reduce((sum, batch) => sum + batch.notes.length, 0),
          notes,
        );
      }
    });
  }
});
