import { readFileSync } from 'node:fs';
import { EventList } from '../../src/event-list';
import { Lifecycle } from '../../src/model/lifecycle';
import type { ProcessRecord, Report, Stage } from '../../src/model/report';
import { TextReader } from '../../src/readers/text/text-reader';
import type { EventBatch, TraceNote } from '../../src/trace-event';

export interface ReadLife {
  readonly report: Report;
  readonly stages: Stage[];
  readonly ended: ProcessRecord[];
}

/** A saved trace through the text reader and the model, `chunkBytes` at a time. */
export function readLife(file: string, notes: readonly TraceNote[] = [], chunkBytes = 1 << 16): ReadLife {
  const reader = new TextReader();
  const model = new Lifecycle({ source: 'text' });
  const stages: Stage[] = [];
  const ended: ProcessRecord[] = [];
  const apply = (batch: EventBatch) => {
    const step = model.apply(batch);
    stages.push(...step.stages);
    ended.push(...step.ended);
  };
  apply(new EventList([], [], [], notes));
  const text = readFileSync(file);
  for (let at = 0; at < text.length; at += chunkBytes) apply(reader.push(text.subarray(at, at + chunkBytes)));
  apply(reader.end());
  const last = model.finish();
  return { report: last.report, stages: [...stages, ...last.stages], ended: [...ended, ...last.ended] };
}
