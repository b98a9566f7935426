/** The last of a trace's stages: not a process's, and sent whichever stages are chosen. */
import type { Report, Stage } from '../../src/index';
export interface EndStage extends Omit<Stage, 'stage' | 'ts' | 'pid' | 'tgid' | 'detail'> {
  readonly stage: 'end';
  /** Null where the trace had no event. */
  readonly ts: number | null;
  readonly pid: null;
  readonly tgid: null;
  readonly detail: Report['trace'];
}

function lossText(lost: number | null): string {
  if (lost === null) return 'events were lost, nobody knows how many';
  return lost === 0 ? 'nothing lost' : `${lost} events lost`;
}

export function endStage({ verdict, trace, processes, signals }: Report): EndStage {
  const seconds = trace.start === null || trace.end === null ? 0 : trace.end - trace.start;
  const counts = `${trace.events} events, ${processes.length} processes, ${signals.length} signals`;
  return {
    stage: 'end',
    ts: trace.end,
    time: null,
    pid: null,
    tgid: null,
    comm: null,
    process: null,
    text: `${verdict.text}; the trace ended after ${seconds.toFixed(3)} s: ${counts}, ${lossText(trace.lost)}`,
    detail: trace,
  };
}
