/** One message that signal-filter judges, over as many turns as it takes, and how far that is. */
import type { NodeMessage } from 'node-red';
import type { AlertWatch, Judgement } from '../../src/index';
import { countOf, judgePayload } from './incoming-signals';

export class PayloadWork {
  /** Of all reports in the message; none where it has no report. */
  ofReports: AlertWatch | null = null;
  private judgedAlone = 0;

  constructor(
    readonly message: NodeMessage,
    private readonly newWatch: () => AlertWatch,
  ) {}

  /** What is judged, part by part, so that others get a turn between them. */
  *judge(watch: AlertWatch): Generator<Judgement[], void> {
    const reports = (): AlertWatch => (this.ofReports ??= this.newWatch());
    const judged = (): void => {
      this.judgedAlone++;
    };
    yield* judgePayload(watch, this.message.payload, reports, judged);
  }

  /** Stages, records, and signals of reports that are not judged yet. */
  get left(): number {
    const judged = this.judgedAlone + (this.ofReports?.tallies.signals ?? 0);
    return Math.max(0, countOf(this.message.payload) - judged);
  }
}
