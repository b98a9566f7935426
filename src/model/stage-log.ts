import type { SignalTarget, Stage, StageName } from './report';
import type { Process } from './process';
import type { WallClock } from './wall-clock';

/** The stages that a batch adds, in order. */
export class StageLog {
  #stages: Stage[] = [];

  readonly #clock: WallClock;

  constructor(clock: WallClock) {
    this.#clock = clock;
  }

  add(
    stage: StageName,
    ts: number,
    process: Process,
    text: string,
    detail: unknown,
    target?: SignalTarget,
  ): void {
    const { id, pid, tgid, comm } = process.record;
    const time = this.#clock.timeOf(ts);
    this.#stages.push({
      stage,
      ts,
      time,
      pid,
      tgid,
      comm,
      process: id,
      text,
      detail,
      ...(target && { target }),
    });
  }

  addLoss(ts: number, text: string, detail: unknown): void {
    const time = this.#clock.timeOf(ts);
    this.#stages.push({ stage: 'lost', ts, time, pid: 0, tgid: 0, comm: null, process: null, text, detail });
  }

  take(): Stage[] {
    const stages = this.#stages;
    this.#stages = [];
    return stages;
  }
}
